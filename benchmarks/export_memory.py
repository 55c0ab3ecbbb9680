"""Measure how much memory the export of a large transformer takes.

Writes a random checkpoint with the transformer of LTX-Video 2B in BF16, exports its transformer and
verifies it, each in a process of its own, and deletes everything again.
"""

import argparse
import json
import multiprocessing
import os
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import diffusers
import psutil
import torch

from export import transformer
from export.checkpoint import open_checkpoint
from export.precision import Precision
from export.random_checkpoint import write_random_checkpoint
from export.run import ExportOptions, pipeline_config, write_engine
from export.verify import verify
from export.weights import DATA_FILE
from ltx_triton.contract import TRANSFORMER
from ltx_triton.pipeline_config import ENGINE_FILE

RESULT = Path(__file__).parent / "results" / "export_memory.json"
LAYERS = 28
TRANSFORMER_2B = {
    "num_attention_heads": 32,
    "attention_head_dim": 64,
    "cross_attention_dim": 2048,
    "caption_channels": 4096,
}
# The text encoder only has to fit the transformer; it is not exported here.
TEXT_ENCODER = {"d_model": 4096, "d_kv": 64, "d_ff": 64, "num_heads": 2, "num_layers": 1}
SHARD_BYTES = 1 << 30
SAMPLE_SECONDS = 0.02


@dataclass(frozen=True)
class Usage:
    """What one process took."""

    seconds: float
    peak_resident_bytes: int  # VmHWM: mapped files count as long as they are mapped
    peak_anonymous_bytes: int  # RssAnon, sampled: memory that only this process holds
    idle_resident_bytes: int  # with everything imported, before the work


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.export_memory",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--layers", type=int, default=LAYERS, help="of the transformer (default: %(default)s)"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(tempfile.gettempdir()),
        help="where about 12 GB are written for the time of the measurement (default: %(default)s)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=RESULT,
        help="JSON file for the result (default: %(default)s)",
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as scratch:
        result = measure(Path(scratch), arguments.layers)
    result = {
        "command": f"python -m benchmarks.export_memory --layers {arguments.layers}",
        **result,
    }
    arguments.output.parent.mkdir(exist_ok=True)
    arguments.output.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def measure(scratch: Path, layers: int) -> dict[str, Any]:
    """Write, export and verify in `scratch`; return the figures."""
    checkpoint, engine = scratch / "checkpoint", scratch / "engine"
    engine.mkdir()
    watch(_write_checkpoint, checkpoint, layers)
    exported = watch(_export, checkpoint, engine)
    verified = watch(_verify, checkpoint, engine)
    shards = sorted((checkpoint / TRANSFORMER.name).glob("*.safetensors"))
    return {
        "layers": layers,
        "checkpoint_bytes": sum(shard.stat().st_size for shard in shards),
        "checkpoint_files": len(shards),
        "onnx_bytes": sum((engine / file).stat().st_size for file in (ENGINE_FILE, DATA_FILE)),
        "export": asdict(exported),
        "verify": asdict(verified),
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def watch(work: Callable[..., None], *arguments: Any) -> Usage:
    """Run `work` in a fresh process and watch its memory.

    Raises:
        RuntimeError: the process failed.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_timed, args=(sender, work, arguments))
    process.start()
    sender.close()
    anonymous = 0
    while process.is_alive() and not receiver.poll(SAMPLE_SECONDS):
        anonymous = max(anonymous, _status(process.pid, "RssAnon"))
    try:
        seconds, peak, idle = receiver.recv()
    except EOFError as error:
        process.join()
        raise RuntimeError(f"{work.__name__} ended with exit code {process.exitcode}") from error
    process.join()
    return Usage(seconds, peak, anonymous, idle)


def _timed(sender: Any, work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    diffusers.logging.set_verbosity_error()
    idle = psutil.Process().memory_info().rss
    start = time.monotonic()
    work(*arguments)
    sender.send((round(time.monotonic() - start, 1), _status(os.getpid(), "VmHWM"), idle))


def _status(pid: int | None, field: str) -> int:
    """Read a size in bytes from /proc; 0 when the process has just ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    sizes = [int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:")]
    return sizes[0] if sizes else 0


def _write_checkpoint(folder: Path, layers: int) -> None:
    write_random_checkpoint(
        folder,
        transformer=TRANSFORMER_2B | {"num_layers": layers},
        text_encoder=TEXT_ENCODER,
        dtype=torch.bfloat16,
        shard_bytes=SHARD_BYTES,
    )


def _export(folder: Path, engine: Path) -> None:
    checkpoint = open_checkpoint(str(folder), None)
    write_engine(transformer.build(checkpoint, Precision.FP32), checkpoint, engine)


def _verify(folder: Path, engine: Path) -> None:
    checkpoint = open_checkpoint(str(folder), None)
    config = pipeline_config(checkpoint, ExportOptions(model=str(folder), output=engine))
    verify(TRANSFORMER, checkpoint, config, engine / ENGINE_FILE)


if __name__ == "__main__":
    main()
