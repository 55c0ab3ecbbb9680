import ast
import shutil
from pathlib import Path

import pytest

from export.repository.fingerprint import _CODE, fingerprint, is_current, write_fingerprint
from ltx_triton.contract import ENGINES, LTX_VIDEO
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import ENGINE_FILE, version_folder
from tests.ltx_triton.pipeline.test_config import CONFIG

ROOT = Path(__file__).parents[3]


def publish(repository: Path, config: PipelineConfig = CONFIG, *, verified: bool = True) -> None:
    for model in (*ENGINES, LTX_VIDEO):
        version_folder(repository, model).mkdir(parents=True)
    for model in ENGINES:
        (version_folder(repository, model) / ENGINE_FILE).touch()
    config.save(version_folder(repository, LTX_VIDEO))
    write_fingerprint(version_folder(repository, LTX_VIDEO), config, verified=verified)


def test_what_has_been_exported_is_current(tmp_path: Path) -> None:
    assert not is_current(tmp_path, CONFIG, verified=False)
    publish(tmp_path)
    assert is_current(tmp_path, CONFIG, verified=True)
    assert is_current(tmp_path, CONFIG, verified=False)


def test_unverified_engines_are_not_current_where_verified_ones_are_wanted(tmp_path: Path) -> None:
    publish(tmp_path, verified=False)
    assert is_current(tmp_path, CONFIG, verified=False)
    assert not is_current(tmp_path, CONFIG, verified=True)


@pytest.mark.parametrize(
    "change", [{"checkpoint_sha256": "1" * 64}, {"precision": "fp8"}, {"decode_timestep": 0.1}]
)
def test_another_checkpoint_or_setting_is_not_current(
    change: dict[str, object], tmp_path: Path
) -> None:
    publish(tmp_path)
    assert not is_current(tmp_path, CONFIG.model_copy(update=change), verified=True)


def test_other_libraries_are_not_current(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tmp_path)
    monkeypatch.setattr("export.repository.fingerprint.version", lambda _: "0.0")
    assert not is_current(tmp_path, CONFIG, verified=True)


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A copy of the code, to change."""
    for package in ("export", "ltx_triton"):
        shutil.copytree(ROOT / package, tmp_path / package)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "decides"),
    [
        ("export/graphs/transformer.py", True),
        ("export/onnx/simplify.py", True),
        ("export/precision.py", True),
        ("ltx_triton/contract.py", True),
        ("export/__main__.py", False),
        ("export/progress.py", False),
        ("export/verification/verify.py", False),
        ("ltx_triton/settings.py", False),
    ],
)
def test_only_code_that_makes_graphs_and_weights_decides(
    file: str, decides: bool, code: Path
) -> None:
    before = fingerprint(CONFIG, code)
    (code / file).write_text("changed = True")
    assert (fingerprint(CONFIG, code) != before) is decides


def test_every_module_that_writes_graphs_and_weights_decides() -> None:
    decide_nothing = {"export.errors", "export.progress"}
    found: set[str] = set()
    waiting: list[str | None] = ["export.onnx.write"]
    waiting += [f"export.graphs.{engine.name}" for engine in ENGINES]
    while waiting:
        module = waiting.pop()
        if module is None or not module.startswith("export.") or module in found | decide_nothing:
            continue
        found.add(module)
        tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text())
        waiting += [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    left_out = [module for module in found if not _decides(module.replace(".", "/") + ".py")]
    assert left_out == []


def _decides(file: str) -> bool:
    return any(file == code or file.startswith(f"{code}/") for code in _CODE)


def test_comments_and_docstrings_do_not_decide(code: Path) -> None:
    before = fingerprint(CONFIG, code)
    file = code / "ltx_triton" / "contract.py"
    file.write_text("# A comment.\n" + file.read_text().replace('"""The ', '"""THE '))
    assert fingerprint(CONFIG, code) == before


def test_a_new_module_of_the_graphs_decides(code: Path) -> None:
    before = fingerprint(CONFIG, code)
    (code / "export" / "graphs" / "new.py").touch()
    assert fingerprint(CONFIG, code) != before


def test_a_lost_engine_is_noticed(tmp_path: Path) -> None:
    publish(tmp_path)
    (version_folder(tmp_path, ENGINES[1]) / ENGINE_FILE).unlink()
    assert not is_current(tmp_path, CONFIG, verified=True)


def test_settings_that_somebody_else_has_written_are_not_current(tmp_path: Path) -> None:
    publish(tmp_path)
    CONFIG.model_copy(update={"model_name": "other"}).save(version_folder(tmp_path, LTX_VIDEO))
    assert not is_current(tmp_path, CONFIG, verified=True)
