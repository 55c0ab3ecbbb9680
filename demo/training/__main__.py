"""Train the demo checkpoint, for a few hours on two CPU cores.

An interrupted training resumes. The last stages alone take less than an hour.
"""

import argparse
from pathlib import Path

import torch
from transformers import logging

from demo.training.autoencoder import train_decoder, train_encoder
from demo.training.checkpoint import (
    load_checkpoint,
    set_statistics,
    statistics_of,
    write_checkpoint,
)
from demo.training.latents import measure_statistics
from demo.training.models import new_autoencoder
from demo.training.tokenizer import save_demo_tokenizer
from demo.training.transformer import PROBED_STAGES, Clips, TextToLatents, train


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m demo.training",
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("output", type=Path, help="folder for the checkpoint")
    parser.add_argument(
        "--work",
        type=Path,
        default=Path("checkpoints/training"),
        help="folder for training states and losses",
    )
    parser.add_argument(
        "--start",
        type=Path,
        metavar="CHECKPOINT",
        help="repeat only the last stages, from these weights; the VAE stays as it is",
    )
    parser.add_argument("--seed", type=int, default=0, help="random seed")
    arguments = parser.parse_args()
    logging.set_verbosity_error()
    if arguments.start:
        repeat_last_stages(arguments.start, arguments.output, arguments.work, arguments.seed)
    else:
        train_demo(arguments.output, arguments.work, arguments.seed)
    print(f"Demo checkpoint written to {arguments.output}")


def train_demo(output: Path, work: Path, seed: int) -> None:
    statistics = measure_statistics(seed)
    torch.manual_seed(seed)
    autoencoder = new_autoencoder()
    set_statistics(autoencoder, statistics)
    train_decoder(autoencoder, work, seed)
    train_encoder(autoencoder, torch.from_numpy(statistics.deviation), work, seed)
    model = TextToLatents(save_demo_tokenizer(work / "tokenizer"))
    train(model, Clips(work / "tokenizer", statistics), work, seed)
    write_checkpoint(output, model, autoencoder)


def repeat_last_stages(start: Path, output: Path, work: Path, seed: int) -> None:
    torch.manual_seed(seed)
    model = TextToLatents(save_demo_tokenizer(work / "tokenizer"))
    autoencoder = load_checkpoint(start, model)
    clips = Clips(work / "tokenizer", statistics_of(autoencoder))
    train(model, clips, work, seed, first_stage=PROBED_STAGES)
    write_checkpoint(output, model, autoencoder)


if __name__ == "__main__":
    main()
