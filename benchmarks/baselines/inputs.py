"""Exchange inputs and outputs with the workers as NumPy files."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.baselines.case import Case
from ltx_triton.contract import LTX_VIDEO, TEXT_ENCODER, TRANSFORMER, VAE_DECODER, ModelContract
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.pipeline.tokenizer import PromptTokenizer
from ltx_triton.repository.layout import version_folder

Arrays = dict[str, NDArray[Any]]


def component_inputs(case: Case) -> dict[str, Arrays]:
    """Create the inputs of each engine for the request, with random prompt embeddings.

    The transformer gets the second-last step of the schedule, halfway between noise and video.
    """
    folder = version_folder(case.repository, LTX_VIDEO)
    config = PipelineConfig.load(folder)
    tokens = PromptTokenizer(folder, config).encode(case.request.prompt)
    noise = case.noise(config)
    random = np.random.default_rng(1)
    embeds = (*tokens.input_ids.shape, config.caption_channels)
    sigmas = config.sigmas[case.steps]
    return {
        TEXT_ENCODER.name: {
            "input_ids": tokens.input_ids,
            "attention_mask": tokens.attention_mask,
        },
        TRANSFORMER.name: {
            "latents": noise.latents,
            "prompt_embeds": random.standard_normal(embeds, dtype=np.float32),
            "attention_mask": tokens.attention_mask,
            "frame_rate": np.array([[case.request.frame_rate]], np.float32),
            "sigma": np.array([[sigmas[-3]]], np.float32),
            "sigma_next": np.array([[sigmas[-2]]], np.float32),
        },
        VAE_DECODER.name: {"latents": noise.latents, "noise": noise.decode},
    }


def save_inputs(case: Case) -> None:
    for name, arrays in component_inputs(case).items():
        np.savez(case.folder / f"inputs-{name}.npz", **arrays)


def load_inputs(case: Case, contract: ModelContract) -> Arrays:
    with np.load(case.folder / f"inputs-{contract.name}.npz") as arrays:
        return {tensor.name: arrays[tensor.name] for tensor in contract.inputs}


def save_output(case: Case, side: str, what: str, array: NDArray[Any]) -> None:
    """Save the output of a component, or of the whole request (`what`)."""
    np.save(case.folder / f"output-{side}-{what}.npy", array)


def load_output(case: Case, side: str, what: str) -> NDArray[Any]:
    array: NDArray[Any] = np.load(case.folder / f"output-{side}-{what}.npy")
    return array
