import asyncio
import sys
from contextlib import closing

import pytest

from benchmarks.baselines.case import Case
from benchmarks.baselines.triton import describe_triton, step_seconds
from benchmarks.baselines.worker import Worker
from ltx_triton.contract import MODELS, Progress, Stage
from ltx_triton.launcher.local_triton import LocalTriton
from ltx_triton.pipeline.config import PipelineConfig


def test_a_step_lasts_from_the_end_of_the_previous_one_to_its_own() -> None:
    told = [
        (Stage.TEXT, 0, 0.0),
        (Stage.DENOISE, 0, 0.1),
        (Stage.DENOISE, 1, 0.3),
        (Stage.DECODE, 2, 0.6),
        (Stage.MP4, 2, 1.6),
    ]
    messages = [Progress(stage, step, 2, seconds) for stage, step, seconds in told]
    assert step_seconds(messages) == pytest.approx([0.2, 0.3])


def test_a_worker_asks_a_triton_that_runs_already_what_it_is(
    case: Case, triton: LocalTriton, config: PipelineConfig
) -> None:
    worker = Worker(sys.executable, "benchmarks.baselines.triton", case.save(), triton.grpc_address)
    with closing(worker):
        server = worker.ask("describe")
        assert server["version"].startswith("2.")
        assert server["backends"] == dict.fromkeys((model.name for model in MODELS), "python")
        assert server["checkpoint_sha256"] == config.checkpoint_sha256
        assert worker.ask("request") > 0


def test_an_address_without_triton_is_named() -> None:
    with pytest.raises(ConnectionError, match=r"127\.0\.0\.1:9: Triton cannot be reached"):
        asyncio.run(describe_triton("127.0.0.1:9"))
