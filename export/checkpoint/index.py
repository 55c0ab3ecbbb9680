"""Write `model_index.json`, which names the classes of a checkpoint."""

import json
from pathlib import Path

import diffusers


def write_index(folder: Path) -> None:
    """Write `model_index.json`, so that diffusers finds its pipeline and the components."""
    index = {
        "_class_name": "LTXConditionPipeline",
        "_diffusers_version": diffusers.__version__,
        "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
        "text_encoder": ["transformers", "T5EncoderModel"],
        "tokenizer": ["transformers", "T5TokenizerFast"],
        "transformer": ["diffusers", "LTXVideoTransformer3DModel"],
        "vae": ["diffusers", "AutoencoderKLLTXVideo"],
    }
    (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")
