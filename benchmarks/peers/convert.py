"""Convert the checkpoint for the peers on OpenVINO.

python -m benchmarks.peers.convert CHECKPOINT FOLDER

Runs in Optimum Intel's environment and makes FOLDER/optimum-intel and FOLDER/openvino-genai.
Neither library takes the checkpoint as it is; each change says why.
"""

import json
import sys
from pathlib import Path
from typing import Any

import openvino
import torch
from diffusers import AutoencoderKLLTXVideo, LTXPipeline
from openvino_tokenizers import convert_tokenizer
from optimum.exporters.openvino import convert


def export(pipeline: Any, folder: Path) -> None:
    models = convert.get_ltx_video_models_for_export

    def without_encoder(*arguments: Any, **options: Any) -> Any:
        # The exporter traces it with 2 frames, and this VAE's blocks need 1 + 8k of them.
        found = models(*arguments, **options)
        del found["vae_encoder"]
        return found

    convert.get_ltx_video_models_for_export = without_encoder
    try:
        # Otherwise the decoder is traced with two videos and the timestep of one.
        convert.export_from_model(
            pipeline, folder, task="text-to-video", stateful=False, batch_size=1
        )
    finally:
        convert.get_ltx_video_models_for_export = models


def for_genai(pipeline: Any, folder: Path) -> None:
    """Export what GenAI can run: a decoder that nobody trained, whose frames are noise."""
    pipeline.vae = _without_timestep(pipeline.vae)
    export(pipeline, folder)
    # GenAI computes the compression from this alone and would make 9 frames of half the size.
    config = folder / "vae_decoder" / "config.json"
    fields = json.loads(config.read_text(encoding="utf-8"))
    fields["spatio_temporal_scaling"] = [True, True, True, False]
    config.write_text(json.dumps(fields), encoding="utf-8")
    openvino.save_model(
        convert_tokenizer(pipeline.tokenizer), folder / "tokenizer" / "openvino_tokenizer.xml"
    )


def _without_timestep(vae: Any) -> Any:
    """Drop what conditions the decoder on a timestep: GenAI has no input for it."""
    plain = AutoencoderKLLTXVideo.from_config({**vae.config, "timestep_conditioning": False})
    missing, _ = plain.load_state_dict(vae.state_dict(), strict=False)
    if missing:
        raise ValueError(f"the VAE lacks {', '.join(missing)}")
    return plain.eval()


def main() -> None:
    checkpoint, folder = (Path(argument) for argument in sys.argv[1:])
    pipeline = LTXPipeline.from_pretrained(checkpoint, torch_dtype=torch.float32)
    export(pipeline, folder / "optimum-intel")
    for_genai(pipeline, folder / "openvino-genai")


if __name__ == "__main__":
    main()
