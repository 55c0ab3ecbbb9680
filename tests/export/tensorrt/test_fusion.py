"""How TensorRT-RTX, which builds without a GPU, fuses the exported graphs.

TensorRT shares the parser and the front end of the compiler, so what fuses here fuses there;
which kernels run, and how fast, is another matter.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnx
import pytest
import torch

from benchmarks.rtx_plans import build_plan, export_random
from export.checkpoint.open import open_checkpoint
from export.errors import ExportError
from export.precision import Precision
from export.random.architectures import T5_SMALLEST, TRANSFORMER_13B
from export.random.checkpoint import write_random_checkpoint
from export.tensorrt.build_log import Layer, kernels
from export.tensorrt.target import Target, find_target
from ltx_triton.contract import (
    ENGINES,
    TEXT_ENCODER,
    TRANSFORMER,
    VAE_DECODER,
    ModelContract,
)
from ltx_triton.engines.tensorrt.library import load_tensorrt
from ltx_triton.repository.layout import ENGINE_FILE, PLAN_FILE, version_folder
from tests.conftest import DEMO, DEMO_ENGINES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

NARROW = (Precision.BF16, Precision.FP8)
BLOCKS = 2  # of the true 13B
# Lower it when an export takes fewer.
KERNELS_A_BLOCK = {Precision.BF16: 23, Precision.FP8: 24}
PRODUCTS_A_BLOCK = 10  # attn1 and attn2: queries, keys, values, output; feed-forward: two
COMPONENTS = {model.name: model.name for model in ENGINES} | {VAE_DECODER.name: "vae"}

Record = Callable[[str, object], None]


@dataclass(frozen=True)
class Plan:
    kernels: list[Layer]
    plan_bytes: int
    activation_bytes: int
    config: dict[str, Any]  # of the checkpoint's component

    @property
    def attentions(self) -> int:
        return sum(kernel.is_attention for kernel in self.kernels)

    @property
    def softmaxes(self) -> list[str]:
        """Kernels that do a part of an attention which is not fused."""
        return [kernel.name for kernel in self.kernels if "ExpSumDiv" in kernel.name]

    def __str__(self) -> str:
        return (
            f"{len(self.kernels)} kernels, {self.attentions} fused attentions, "
            f"{self.plan_bytes / 1e6:.1f} MB, {self.activation_bytes / 1e6:.0f} MB of activations"
        )


class Plans:
    """Exports and plans in a folder, each made when a test first asks for it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.demo_source = cache(self._demo_source)
        self.demo = cache(self._demo)
        self.true = cache(self._true)

    def demo_file(self, model: ModelContract, precision: Precision) -> Path:
        self.demo(model, precision)
        return self._folder / f"demo-{model.name}-{precision}" / PLAN_FILE

    def _demo_source(self, precision: Precision) -> Path:
        if precision is Precision.FP32:
            return DEMO_ENGINES
        source = self._folder / f"demo-{precision}"
        export_random(DEMO / "checkpoint", source, precision)
        return source

    def _demo(self, model: ModelContract, precision: Precision) -> Plan:
        folder = self._folder / f"demo-{model.name}-{precision}"
        config = open_checkpoint(str(DEMO / "checkpoint"), None).config(COMPONENTS[model.name])
        return build(self.demo_source(precision), model, folder, config)

    def _true(self, blocks: int, precision: Precision) -> Plan:
        """Of the 13B transformer with so many blocks, random weights."""
        config = TRANSFORMER_13B | {"num_layers": blocks}
        with TemporaryDirectory(dir=self._folder) as scratch:  # gigabytes
            checkpoint, source = Path(scratch, "checkpoint"), Path(scratch, "source")
            write_random_checkpoint(
                checkpoint, transformer=config, text_encoder=T5_SMALLEST, dtype=torch.bfloat16
            )
            export_random(checkpoint, source, precision)
            return build(source, TRANSFORMER, Path(scratch, "plan"), config)


@pytest.fixture(scope="session")
def plans(tmp_path_factory: pytest.TempPathFactory) -> Plans:
    return Plans(tmp_path_factory.mktemp("rtx"))


def build(source: Path, model: ModelContract, folder: Path, config: dict[str, Any]) -> Plan:
    """Build a plan in any precision, for one kind of card."""
    target = Target("tensorrt-rtx", load_tensorrt("tensorrt-rtx"), None, ("8.9",))
    folder.mkdir()
    built = build_plan(source, model, folder, target)
    layers = kernels((folder / f"{model.name}.log").read_text())
    return Plan(layers, (folder / PLAN_FILE).stat().st_size, built.activation_bytes, config)


@pytest.mark.parametrize("precision", NARROW)
def test_every_attention_of_the_demo_transformer_is_one_kernel(
    plans: Plans,
    precision: Precision,
    record_property: Record,
) -> None:
    plan = plans.demo(TRANSFORMER, precision)
    record_property("measured", f"demo transformer, {precision}: {plan}")

    assert plan.attentions == 2 * plan.config["num_layers"]
    assert not plan.softmaxes


def test_every_attention_of_the_text_encoder_is_one_kernel(
    plans: Plans, record_property: Record
) -> None:
    plan = plans.demo(TEXT_ENCODER, Precision.BF16)
    record_property("measured", f"demo text encoder, bf16: {plan}")

    assert plan.attentions == plan.config["num_layers"]
    assert not plan.softmaxes


def test_every_convolution_of_the_decoder_is_one_kernel(
    plans: Plans,
    record_property: Record,
) -> None:
    plan = plans.demo(VAE_DECODER, Precision.BF16)
    record_property("measured", f"demo decoder, bf16: {plan}")

    convolutions = nodes(plans.demo_source(Precision.BF16), VAE_DECODER, "Conv")
    assert convolutions
    assert sum(kernel.kind == "correlation" for kernel in plan.kernels) == len(convolutions)


def test_attention_that_is_not_fused_would_be_noticed(
    plans: Plans,
) -> None:
    """In FP32 none is fused, so TensorRT-RTX is not offered in it."""
    plan = plans.demo(TRANSFORMER, Precision.FP32)

    assert plan.attentions == 0
    assert len(plan.softmaxes) == 2 * plan.config["num_layers"]
    with pytest.raises(ExportError, match="is not offered in fp32; allowed: bf16, fp8"):
        find_target("tensorrt-rtx", Precision.FP32)


@pytest.mark.parametrize("precision", NARROW)
def test_true_blocks_fuse_and_take_no_more_kernels_than_before(
    plans: Plans, precision: Precision, record_property: Record
) -> None:
    one, two = plans.true(1, precision), plans.true(BLOCKS, precision)
    more = len(two.kernels) - len(one.kernels)
    record_property(
        "measured", f"{BLOCKS} blocks of the 13B, {precision}: {two}, {more} kernels a block"
    )

    assert two.attentions == 2 * BLOCKS
    assert not two.softmaxes
    assert more <= KERNELS_A_BLOCK[precision]


def test_every_product_in_fp8_reads_fp8_and_merged_ones_stay_merged(
    plans: Plans,
) -> None:
    plan = plans.true(BLOCKS, Precision.FP8)

    products = [kernel for kernel in plan.kernels if kernel.kind == "gemm"]
    narrow = [product for product in products if "FP8" in product.constant_types]
    assert all("FP8" in product.input_types for product in narrow)
    merged = [product.name.count("node_MatMul") for product in narrow]
    assert sum(merged) == PRODUCTS_A_BLOCK * BLOCKS
    # Queries, keys and values of each self-attention; keys and values of all cross-attentions.
    assert sorted(count for count in merged if count > 1) == [3, 3, 2 * BLOCKS]
    dequantised = [
        kernel.name
        for kernel in plan.kernels
        if kernel.kind != "gemm" and "FP8" in kernel.constant_types
    ]
    assert not dequantised, "a weight in FP8 is widened by a kernel of its own"


def test_angles_of_thousands_of_radians_get_an_exact_sine(plans: Plans) -> None:
    """A plan holds the source of its kernels; the fast sine is off by 1.6e-3 at 16,000."""
    content = plans.demo_file(TRANSFORMER, Precision.BF16).read_bytes()

    assert b"sinf(" in content
    for fast in (b"__sinf(", b"__cosf(", b"sin.approx", b"use_fast_math"):
        assert fast not in content


def nodes(source: Path, model: ModelContract, kind: str) -> list[str]:
    graph = onnx.load(version_folder(source, model) / ENGINE_FILE, load_external_data=False).graph
    return [node.name for node in graph.node if node.op_type == kind]
