import shutil
import weakref
from pathlib import Path

import onnx
import pytest
import torch
from safetensors.torch import load_file, save_file

from export.checkpoint.folder import FolderCheckpoint
from export.checkpoint.weights import Source, read_weight
from export.errors import ExportError
from export.fp8.record import Record
from export.graphs import text_encoder, transformer
from export.onnx.trace import trace
from export.onnx.weights import write_weights
from export.onnx.write import write_engine
from export.options import ExportOptions
from export.precision import Precision
from export.random.checkpoint import write_random_checkpoint
from export.run import export
from ltx_triton.contract import ENGINES, TEXT_ENCODER, TRANSFORMER
from ltx_triton.repository.layout import DATA_FILE
from tests.export.engines import model_file


@pytest.fixture
def copy(checkpoint_folder: Path, tmp_path: Path) -> FolderCheckpoint:
    shutil.copytree(checkpoint_folder, tmp_path / "copy")
    return FolderCheckpoint(tmp_path / "copy")


def rewrite(checkpoint: FolderCheckpoint, changes: dict[str, torch.Tensor | None]) -> None:
    """Replace, add or (None) remove weights of the text encoder."""
    file = checkpoint.folder / "text_encoder" / "model.safetensors"
    weights = load_file(file) | changes
    save_file({name: tensor for name, tensor in weights.items() if tensor is not None}, file)


def write(checkpoint: FolderCheckpoint, folder: Path) -> None:
    engine = text_encoder.build(checkpoint, Precision.FP32)
    write_weights(engine, trace(engine), checkpoint, folder / DATA_FILE)


def test_bf16_shards_give_the_same_files_as_fp32(
    bf16_checkpoint_folder: Path, repository: Path, tmp_path: Path
) -> None:
    index = "transformer/diffusion_pytorch_model.safetensors.index.json"
    assert (bf16_checkpoint_folder / index).is_file()
    export(ExportOptions(model=str(bf16_checkpoint_folder), output=tmp_path, for_cpu=False))
    for contract in ENGINES:
        expected, actual = model_file(repository, contract), model_file(tmp_path, contract)
        assert actual.read_bytes() == expected.read_bytes()
        assert (
            actual.with_name(DATA_FILE).read_bytes() == expected.with_name(DATA_FILE).read_bytes()
        )


def test_weights_are_external_and_large_ones_page_aligned(repository: Path) -> None:
    file = model_file(repository, TEXT_ENCODER)
    model = onnx.load(file, load_external_data=False)
    external = [tensor for tensor in model.graph.initializer if tensor.external_data]
    assert len(external) == 21
    for tensor in external:
        fields = {entry.key: entry.value for entry in tensor.external_data}
        assert fields["location"] == DATA_FILE
        assert int(fields["offset"]) % (4096 if int(fields["length"]) >= 4096 else 64) == 0


def test_one_weight_is_held_at_a_time(
    fp8_repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_random_checkpoint(tmp_path / "checkpoint", transformer={"num_layers": 1})
    record = Record.load(model_file(fp8_repository, TRANSFORMER).parent)
    record = record.model_copy(update={"groups": {"first block": record.groups["first block"]}})
    checkpoint = FolderCheckpoint(tmp_path / "checkpoint")
    earlier: list[weakref.ref[torch.Tensor]] = []

    def read(source: Source, dtype: torch.dtype) -> torch.Tensor:
        assert not any(tensor() is not None for tensor in earlier)
        tensor = read_weight(source, dtype)
        earlier.append(weakref.ref(tensor))
        return tensor

    monkeypatch.setattr("export.onnx.weights.read_weight", read)
    write_engine(transformer.build(checkpoint, Precision.FP8, record), checkpoint, tmp_path)
    assert len(earlier) > 30


def test_embeddings_may_have_either_of_their_two_names(
    copy: FolderCheckpoint, repository: Path, tmp_path: Path
) -> None:
    shared = load_file(copy.folder / "text_encoder" / "model.safetensors")["shared.weight"]
    rewrite(copy, {"shared.weight": None, "encoder.embed_tokens.weight": shared})
    write(copy, tmp_path)
    expected = model_file(repository, TEXT_ENCODER).with_name(DATA_FILE)
    assert (tmp_path / DATA_FILE).read_bytes() == expected.read_bytes()


@pytest.mark.slow
def test_a_large_engine_keeps_no_fp16(
    copy: FolderCheckpoint, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = copy.folder / "text_encoder" / "model.safetensors"
    rewrite(copy, {name: tensor.half() for name, tensor in load_file(stored).items()})
    fp32_bytes = model_file(repository, TEXT_ENCODER).with_name(DATA_FILE).stat().st_size
    write(copy, tmp_path)
    assert (tmp_path / DATA_FILE).stat().st_size < 0.75 * fp32_bytes

    monkeypatch.setattr("export.onnx.weights._SMALL_ENGINE", 0)
    write(copy, tmp_path)

    assert (tmp_path / DATA_FILE).stat().st_size == fp32_bytes


@pytest.mark.slow
def test_a_missing_weight_is_named(copy: FolderCheckpoint, tmp_path: Path) -> None:
    rewrite(copy, {"encoder.final_layer_norm.weight": None})
    with pytest.raises(ExportError, match=r"has no weight encoder\.final_layer_norm\.weight"):
        write(copy, tmp_path)


@pytest.mark.slow
def test_an_unused_weight_is_named(copy: FolderCheckpoint, tmp_path: Path) -> None:
    rewrite(copy, {"lora.weight": torch.zeros(1)})
    with pytest.raises(ExportError, match=r"does not use, such as lora\.weight"):
        write(copy, tmp_path)


@pytest.mark.slow
def test_a_weight_of_another_shape_is_named(copy: FolderCheckpoint, tmp_path: Path) -> None:
    rewrite(copy, {"encoder.final_layer_norm.weight": torch.zeros(3)})
    with pytest.raises(ExportError, match=r"final_layer_norm\.weight has shape \(3,\), expected"):
        write(copy, tmp_path)
