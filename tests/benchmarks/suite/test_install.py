from importlib.metadata import distribution
from pathlib import Path

from benchmarks.suite.install import installed_bytes, measure, requirements


def test_serving_needs_what_its_requirements_and_their_extras_need() -> None:
    needed = requirements("ltx-triton")
    assert {"fastapi", "starlette", "openvino", "tritonclient"} <= needed
    assert "geventhttpclient" in needed  # by nvidia-pytriton's tritonclient[http]


def test_serving_needs_nothing_of_the_extras() -> None:
    assert not {"torch", "diffusers", "onnxruntime", "matplotlib", "pytest"} & requirements(
        "ltx-triton"
    )


def test_extras_count_when_asked_for() -> None:
    assert "torch" in requirements("ltx-triton", frozenset({"export"}))


def test_every_package_is_measured() -> None:
    sizes = {each.labels["package"]: each.samples[0] for each in measure(1, Path())}
    assert sizes["openvino"] == installed_bytes(distribution("openvino")) > 100e6
