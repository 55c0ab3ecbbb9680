from pathlib import Path

import pytest

from export.repository.fingerprint import is_current, write_fingerprint
from ltx_triton.contract import ENGINES, LTX_VIDEO
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import ENGINE_FILE, version_folder
from tests.ltx_triton.pipeline.test_config import CONFIG


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


def test_other_code_is_not_current(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tmp_path)
    room = tmp_path / "export" / "repository"
    room.mkdir(parents=True)
    (room / "fingerprint.py").write_text("changed")
    monkeypatch.setattr("export.repository.fingerprint.__file__", str(room / "fingerprint.py"))
    assert not is_current(tmp_path, CONFIG, verified=True)


def test_a_lost_engine_is_noticed(tmp_path: Path) -> None:
    publish(tmp_path)
    (version_folder(tmp_path, ENGINES[1]) / ENGINE_FILE).unlink()
    assert not is_current(tmp_path, CONFIG, verified=True)


def test_settings_that_somebody_else_has_written_are_not_current(tmp_path: Path) -> None:
    publish(tmp_path)
    CONFIG.model_copy(update={"model_name": "other"}).save(version_folder(tmp_path, LTX_VIDEO))
    assert not is_current(tmp_path, CONFIG, verified=True)
