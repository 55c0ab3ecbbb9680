"""What is served: the demo checkpoint or an export, with the Python models of this version."""

import shutil
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ltx_triton.contract import LTX_VIDEO, TRANSFORMER
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository import prepare as preparing
from ltx_triton.repository.assemble import assemble, copy_engines
from ltx_triton.repository.layout import (
    DEMO_ENGINES,
    ENGINE_FILE,
    MODEL_FILE,
    TEMPLATE_REPOSITORY,
    version_folder,
)
from ltx_triton.repository.prepare import PreparationError, models_to_serve, prepare
from tests.nobody import as_nobody, unprivileged


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data" / "model_repository"
    monkeypatch.setattr(preparing, "SERVED_REPOSITORY", folder)
    return folder


def engine(repository: Path) -> Path:
    return version_folder(repository, TRANSFORMER) / ENGINE_FILE


def model(repository: Path) -> Path:
    return version_folder(repository, TRANSFORMER) / MODEL_FILE


def export(repository: Path) -> None:
    """Publish another checkpoint, as the exporter does."""
    copy_engines(DEMO_ENGINES, repository)
    folder = version_folder(repository, LTX_VIDEO)
    config = PipelineConfig.load(folder)
    config.model_copy(update={"model_name": "another"}).save(folder)
    engine(repository).write_text("another")
    assemble(repository)


def upgrade(what: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a package with other files in the place of one."""
    shipped = {"TEMPLATE_REPOSITORY": TEMPLATE_REPOSITORY, "DEMO_ENGINES": DEMO_ENGINES}[what]
    shutil.copytree(shipped, folder)
    monkeypatch.setattr(preparing, what, folder)
    return folder


def test_the_demo_checkpoint_is_there_after_the_first_start(served: Path) -> None:
    prepare(served)

    config = PipelineConfig.load(version_folder(served, LTX_VIDEO))
    assert config == PipelineConfig.load(version_folder(DEMO_ENGINES, LTX_VIDEO))
    assert engine(served).read_bytes() == engine(DEMO_ENGINES).read_bytes()
    assert model(served).read_bytes() == model(TEMPLATE_REPOSITORY).read_bytes()


def test_engines_are_copies_that_outlive_the_package(served: Path) -> None:
    prepare(served)

    assert not [file for file in served.rglob("*") if file.is_symlink()]


def test_what_a_write_protected_package_gives_is_writable(
    served: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = upgrade("DEMO_ENGINES", tmp_path / "protected", monkeypatch)
    for path in shipped.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)

    prepare(served)

    assert all(path.stat().st_mode & stat.S_IWUSR for path in served.rglob("*"))


def test_the_next_start_writes_nothing(served: Path) -> None:
    prepare(served)
    written = {file: file.stat().st_mtime_ns for file in served.rglob("*")}

    prepare(served)

    assert {file: file.stat().st_mtime_ns for file in served.rglob("*")} == written


def test_an_export_stays_and_gets_the_models_of_this_version(served: Path) -> None:
    prepare(served)
    export(served)
    model(served).write_text("old")
    (served / "prepared").unlink()

    prepare(served)

    assert engine(served).read_text() == "another"
    assert model(served).read_bytes() == model(TEMPLATE_REPOSITORY).read_bytes()


def test_an_export_before_the_first_start_stays(served: Path) -> None:
    export(served)

    prepare(served)

    assert engine(served).read_text() == "another"


def test_an_upgrade_brings_its_models(
    served: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(served)
    newer = upgrade("TEMPLATE_REPOSITORY", tmp_path / "newer", monkeypatch)
    model(newer).write_text("newer")

    prepare(served)

    assert model(served).read_text() == "newer"


def upgrade_demo(
    served: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, *, exported: bool
) -> Path:
    """Prepare `served`, export into it or not, and install a newer demo checkpoint."""
    prepare(served)
    if exported:
        export(served)
    newer = upgrade("DEMO_ENGINES", folder, monkeypatch)
    (version_folder(newer, LTX_VIDEO) / "export.sha256").write_text("newer")
    return newer


@pytest.mark.parametrize("exported", [False, True])
def test_an_upgrade_brings_its_demo_checkpoint_unless_another_was_exported(
    *, exported: bool, served: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = upgrade_demo(served, tmp_path / "newer", monkeypatch, exported=exported)
    engine(newer).write_text("newer")

    prepare(served)

    assert engine(served).read_text() == ("another" if exported else "newer")


def test_an_interrupted_preparation_is_done_again(
    served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("ltx_triton.repository.assemble.assemble", interrupt)
        with pytest.raises(KeyboardInterrupt):
            prepare(served)

    prepare(served)

    assert model(served).is_file()


def test_commands_that_start_at_once_wait_for_each_other(served: Path) -> None:
    with ThreadPoolExecutor(4) as threads:
        for prepared in [threads.submit(prepare, served) for _ in range(4)]:
            prepared.result()

    assert engine(served).read_bytes() == engine(DEMO_ENGINES).read_bytes()
    assert not list(served.rglob("*.new"))


def test_until_the_first_start_the_models_to_serve_are_those_of_the_package(served: Path) -> None:
    assert models_to_serve(served) == DEMO_ENGINES

    prepare(served)

    assert models_to_serve(served) == served


@pytest.mark.parametrize("exported", [False, True])
def test_the_models_to_serve_after_an_upgrade_are_those_of_the_next_start(
    *, exported: bool, served: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = upgrade_demo(served, tmp_path / "newer", monkeypatch, exported=exported)

    assert models_to_serve(served) == (served if exported else newer)


def test_a_folder_of_the_users_own_is_left_as_it_is(served: Path, tmp_path: Path) -> None:
    prepare(tmp_path / "own")

    assert not (tmp_path / "own").exists()


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The repository of a model that is exported by its short name."""
    monkeypatch.setattr(preparing, "MODELS_FOLDER", tmp_path / "models")
    return tmp_path / "models" / "2b"


def test_a_known_model_gets_the_models_of_this_version_and_keeps_its_engines(known: Path) -> None:
    export(known)
    model(known).write_text("old")

    prepare(known)

    assert engine(known).read_text() == "another"
    assert model(known).read_bytes() == model(TEMPLATE_REPOSITORY).read_bytes()


def test_a_known_model_that_is_not_exported_is_left_as_it_is(known: Path) -> None:
    prepare(known)

    assert not known.exists()


def test_an_image_serves_what_was_built_into_it(
    served: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "TEMPLATE_REPOSITORY", tmp_path / "not copied")

    prepare(served)

    assert not served.exists()


def test_a_place_that_cannot_be_written_is_named(served: Path, tmp_path: Path) -> None:
    (tmp_path / "data").touch()

    with pytest.raises(PreparationError, match=rf"{served}: Not a directory"):
        prepare(served)


def test_a_place_that_may_not_be_searched_is_named(served: Path) -> None:
    served.parent.mkdir(mode=0)

    with unprivileged(), pytest.raises(PreparationError, match=rf"{served}: Permission denied"):
        prepare(served)


def test_a_prepared_repository_need_not_be_writable(served: Path) -> None:
    prepare(served)
    code = (
        "import sys; from pathlib import Path; from ltx_triton.repository import prepare as p;"
        "p.SERVED_REPOSITORY = Path(sys.argv[1]); p.prepare(p.SERVED_REPOSITORY)"
    )

    subprocess.run([*as_nobody(), sys.executable, "-c", code, served], check=True)
