from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import LTXConditionPipeline

from demo.shapes.captions import vocabulary
from demo.training.checkpoint import (
    DRAWN_SIDES,
    load_checkpoint,
    set_statistics,
    statistics_of,
    write_checkpoint,
)
from demo.training.latents import CHANNELS, measure_statistics
from demo.training.models import new_autoencoder
from demo.training.tokenizer import save_demo_tokenizer
from demo.training.transformer import Batch, TextToLatents
from export.checkpoint.open import open_checkpoint


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint")
    torch.manual_seed(0)
    autoencoder = new_autoencoder()
    set_statistics(autoencoder, measure_statistics(0))
    model = TextToLatents(save_demo_tokenizer(folder / "tokenizer"))
    torch.nn.init.normal_(model.transformer.proj_out.weight, std=0.1)
    write_checkpoint(folder, model, autoencoder)
    return folder


def test_the_exporter_opens_it(folder: Path) -> None:
    checkpoint = open_checkpoint(str(folder), None)
    assert checkpoint.config("vae")["latent_channels"] == CHANNELS


def test_it_says_what_it_was_trained_on(folder: Path) -> None:
    trained_on = open_checkpoint(str(folder), None).trained_on()
    assert trained_on.words == tuple(vocabulary())
    assert trained_on.sides == DRAWN_SIDES


def test_the_weights_are_small(folder: Path) -> None:
    weights = sum(file.stat().st_size for file in folder.glob("*/*.safetensors"))
    assert weights < 13e6


def test_the_pipeline_undoes_the_normalisation(folder: Path) -> None:
    pipeline = LTXConditionPipeline.from_pretrained(folder, dtype=torch.float32)
    statistics = measure_statistics(0)
    assert pipeline.vae.latents_mean.numpy() == pytest.approx(statistics.mean, abs=1e-3)
    assert pipeline.vae.latents_std.numpy() == pytest.approx(statistics.deviation, abs=1e-3)


def test_training_goes_on_from_it(folder: Path, tmp_path: Path) -> None:
    model = TextToLatents(save_demo_tokenizer(tmp_path / "tokenizer"))
    autoencoder = load_checkpoint(folder, model)
    statistics = statistics_of(autoencoder)
    assert statistics.deviation == pytest.approx(measure_statistics(0).deviation, abs=1e-3)
    write_checkpoint(tmp_path, model, autoencoder)
    assert (
        open_checkpoint(str(tmp_path), None).sha256() == open_checkpoint(str(folder), None).sha256()
    )


def test_training_runs_the_same_model_as_the_pipeline(folder: Path) -> None:
    pipeline = LTXConditionPipeline.from_pretrained(folder, dtype=torch.float32)
    model = TextToLatents(len(pipeline.tokenizer)).eval()
    model.transformer.load_state_dict(pipeline.transformer.state_dict())
    model.text_encoder.load_state_dict(pipeline.text_encoder.state_dict())
    tokens = pipeline.tokenizer(
        ["a red ball"], return_tensors="pt", padding="max_length", max_length=40
    )
    frames, rows, columns = 3, 4, 5
    noisy = torch.randn(1, frames, rows, columns, CHANNELS)
    batch = Batch(
        noisy,
        tokens["input_ids"],
        tokens["attention_mask"],
        frame_rate=torch.tensor([[12.0]]),
        attributes=torch.zeros(1, 5, dtype=torch.int64),
        poses=torch.zeros(1, frames, 8, 5),
    )
    with torch.no_grad():
        ours, probes = model(noisy, torch.tensor([[0.7]]), batch)
        coordinates = pipeline._scale_video_ids(
            pipeline._prepare_video_ids(1, frames, rows, columns),
            scale_factor=32,
            scale_factor_t=8,
            frame_index=0,
        ).float()
        coordinates[:, 0] /= 12
        embeds = pipeline.text_encoder(tokens["input_ids"], tokens["attention_mask"])[0]
        theirs = pipeline.transformer(
            hidden_states=noisy.flatten(1, 3),
            encoder_hidden_states=embeds,
            timestep=torch.tensor([[700.0]]),
            encoder_attention_mask=tokens["attention_mask"].bool(),
            video_coords=coordinates,
            return_dict=False,
        )[0]
    assert ours.flatten(1, 3).numpy() == pytest.approx(theirs.numpy(), abs=1e-4)
    assert np.abs(theirs.numpy()).max() > 0.1
    assert probes.words.shape == (1, frames * rows * columns, 34)
    assert probes.poses.shape == (1, frames * rows * columns, 40)
