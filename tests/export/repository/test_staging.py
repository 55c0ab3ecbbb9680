from collections.abc import Callable
from pathlib import Path

import pytest

from export.repository.staging import publish, staging
from ltx_triton.contract import MODELS

FILES = ("model.onnx", "model.onnx.data", "tokenizer.json", "pipeline.json")


def fill(folders: dict[str, Path], content: str) -> None:
    for name, folder in folders.items():
        for file in FILES[2:] if name == "ltx_video" else FILES[:2]:
            (folder / file).write_text(content)


def stage_and(repository: Path, content: str, then: Callable[[dict[str, Path]], None]) -> None:
    with staging(repository) as folders:
        fill(folders, content)
        then(folders)


def interrupt(_: object) -> None:
    raise KeyboardInterrupt


def files(repository: Path) -> dict[str, str]:
    """What was staged, without what the template gives."""
    return {
        str(file.relative_to(repository)): file.read_text()
        for file in repository.rglob("*")
        if file.is_file() and file.name not in ("model.py", "config.pbtxt")
    }


def test_published_files_replace_the_old_ones(tmp_path: Path) -> None:
    for content in ("old", "new"):
        stage_and(tmp_path, content, publish)
    assert len(files(tmp_path)) == 8
    assert set(files(tmp_path).values()) == {"new"}
    assert all(Path(name).parent.name == "1" for name in files(tmp_path))


def test_models_and_configs_come_along(tmp_path: Path) -> None:
    stage_and(tmp_path, "new", publish)
    for model in MODELS:
        assert (tmp_path / model.name / "config.pbtxt").is_file()
        assert (tmp_path / model.name / "1" / "model.py").is_file()


def test_what_the_new_files_make_invalid_is_removed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage_and(tmp_path, "old", publish)
    plans = [tmp_path / "transformer" / "1" / name for name in ("model.plan", "model.plan.json")]
    for plan in plans:
        plan.touch()
    stage_and(tmp_path, "new", lambda folders: publish(folders, stale=["*/1/model.plan*"]))
    assert len(files(tmp_path)) == 8
    printed = capsys.readouterr().out
    assert all(f"{plan} does not belong to this export: removed" in printed for plan in plans)


def test_nothing_is_left_of_an_export_that_fails(tmp_path: Path) -> None:
    stage_and(tmp_path, "old", publish)
    before = files(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        stage_and(tmp_path, "new", interrupt)
    assert files(tmp_path) == before


def test_leftovers_of_a_killed_export_are_removed(tmp_path: Path) -> None:
    leftover = tmp_path / MODELS[0].name / ".export" / "model.onnx"
    leftover.parent.mkdir(parents=True)
    leftover.write_text("half")
    with staging(tmp_path):
        assert not leftover.exists()


def test_the_description_of_an_engine_comes_last(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    moved = []
    move, list_folder = Path.replace, Path.iterdir

    def watch(source: Path, target: Path) -> Path:
        moved.append(source.name)
        return move(source, target)

    monkeypatch.setattr(Path, "replace", watch)
    monkeypatch.setattr(Path, "iterdir", lambda folder: iter(sorted(list_folder(folder))))
    with staging(tmp_path) as folders:
        for name in ("model.onnx", "model.onnx.json", "model.onnx.memory.json"):
            (folders["text_encoder"] / name).touch()
        (folders["ltx_video"] / "pipeline.json").touch()
        publish(folders)
    assert moved == ["model.onnx", "model.onnx.memory.json", "model.onnx.json", "pipeline.json"]


def test_a_half_published_export_has_no_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stage_and(tmp_path, "old", publish)
    move = Path.replace

    def stop_at_transformer(source: Path, target: Path) -> Path:
        if "transformer" in source.parts:
            raise KeyboardInterrupt
        return move(source, target)

    monkeypatch.setattr(Path, "replace", stop_at_transformer)
    with pytest.raises(KeyboardInterrupt):
        stage_and(tmp_path, "new", publish)
    assert "ltx_video/1/pipeline.json" not in files(tmp_path)
