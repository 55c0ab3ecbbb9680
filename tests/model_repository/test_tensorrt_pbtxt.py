"""configs/tensorrt.pbtxt: the engines in Triton's own TensorRT backend."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ltx_triton.contract import ENGINES, LTX_VIDEO, TEXT_ENCODER, TRANSFORMER, VAE_DECODER
from ltx_triton.engines.cpu_engine import CpuEngineInfo
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.launcher.local_triton import free_port
from ltx_triton.launcher.wheel import ServerLinks, TritonWheel
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.assemble import assemble
from ltx_triton.repository.layout import version_folder
from tests.ltx_triton.engines.tensorrt.plans import write_plan


@pytest.mark.slow
def test_triton_accepts_them_up_to_its_missing_backend(
    demo_repository: Path, tmp_path: Path
) -> None:
    """The wheel's server parses the configs and reports errors in them, but lacks the backend."""
    wheel = TritonWheel.find()
    served = tmp_path / "repository"
    shutil.copytree(demo_repository, served)
    config = PipelineConfig.load(version_folder(served, LTX_VIDEO))
    for model in ENGINES:
        write_plan(version_folder(served, model), model, ("default", "maximum"), config)
    assemble(served)
    broken = served / "vae_decoder" / "configs" / "tensorrt.pbtxt"
    broken.write_text(broken.read_text().replace("KIND_GPU", "KIND_TOASTER"))

    log = serve(wheel, wheel.link_into(tmp_path / "links", served))

    missing = "unable to find backend library for backend 'tensorrt'"
    for name in ("text_encoder", "transformer"):
        assert any(name in line and missing in line for line in log.splitlines()), log
    assert "KIND_TOASTER" in log
    assert not any("vae_decoder" in line and missing in line for line in log.splitlines())
    # `ltx_video` has no such config and loads as usual.
    assert "successfully loaded 'ltx_video'" in log


@pytest.mark.slow
def test_an_engine_on_the_cpu_runs_beside_the_plans_of_the_others(
    demo_repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = TritonWheel.find()
    served = tmp_path / "repository"
    shutil.copytree(demo_repository, served)
    config = PipelineConfig.load(version_folder(served, LTX_VIDEO))
    for model in (TRANSFORMER, VAE_DECODER):
        write_plan(version_folder(served, model), model, config=config)
    CpuEngineInfo(
        onnx_sha256="0" * 64,
        checkpoint_sha256=config.checkpoint_sha256,
        precision=CpuPrecision.FP32,
    ).save(version_folder(served, TEXT_ENCODER))
    assemble(served)
    monkeypatch.setenv("MODEL_DEVICE", "cuda")

    log = serve(wheel, wheel.link_into(tmp_path / "links", served))

    assert "successfully loaded 'text_encoder'" in log
    missing = "unable to find backend library for backend 'tensorrt'"
    for name in ("transformer", "vae_decoder"):
        assert any(name in line and missing in line for line in log.splitlines()), log


def serve(wheel: TritonWheel, links: ServerLinks) -> str:
    """Run the server, which exits because models fail, and return its log."""
    finished = subprocess.run(
        [
            str(wheel.server),
            f"--model-repository={links.models}",
            f"--backend-directory={links.backends}",
            "--model-config-name=tensorrt",
            "--http-address=127.0.0.1",
            f"--http-port={free_port()}",
            "--grpc-address=127.0.0.1",
            f"--grpc-port={free_port()}",
            "--allow-metrics=false",
            "--exit-timeout-secs=5",
        ],
        env=os.environ | wheel.environment(links),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    assert finished.returncode != 0
    return finished.stdout
