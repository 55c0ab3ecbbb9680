from pathlib import Path

import numpy as np
import pytest

from ltx_triton.contract import TRANSFORMER, VAE_DECODER
from ltx_triton.engines.open import open_session


def test_runs_an_exported_engine_by_the_names_of_its_contract(repository: Path) -> None:
    session = open_session(repository / "vae_decoder" / "1", VAE_DECODER)
    latents = np.zeros((1, 2, 3, 2, 128), np.float32)

    outputs = session.run({"latents": latents, "noise": latents})

    assert list(outputs) == ["frames"]
    assert outputs["frames"].shape == (1, 9, 96, 64, 3)
    assert outputs["frames"].dtype == np.uint8


def test_a_missing_engine_says_which_command_writes_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"model\.onnx is missing: run `make export`"):
        open_session(tmp_path, TRANSFORMER)


def test_reports_the_memory_of_the_process(repository: Path) -> None:
    session = open_session(repository / "vae_decoder" / "1", VAE_DECODER)

    assert session.memory_bytes() > 50 * 2**20
