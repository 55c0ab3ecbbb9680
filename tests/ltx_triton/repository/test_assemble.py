"""A complete repository around engines: what Triton reads beside them."""

import shutil
from pathlib import Path

import pytest

from ltx_triton.contract import ENGINES, LTX_VIDEO, MODELS, TRANSFORMER, ModelContract
from ltx_triton.repository.assemble import assemble, copy_engines
from ltx_triton.repository.layout import TEMPLATE_REPOSITORY, version_folder
from ltx_triton.repository.model_config import read_config
from tests.conftest import DEMO_ENGINES
from tests.ltx_triton.engines.tensorrt.plans import write_plan
from tests.ltx_triton.engines.tensorrt.test_plan import RTX_INFO


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_model_gets_its_python_model_and_config(model: ModelContract, tmp_path: Path) -> None:
    assemble(tmp_path)

    config = read_config(tmp_path / model.name / "config.pbtxt")
    assert (config.name, config.backend) == (model.name, "python")
    assert [tensor.name for tensor in config.input] == [tensor.name for tensor in model.inputs]
    source = version_folder(TEMPLATE_REPOSITORY, model) / "model.py"
    assert (version_folder(tmp_path, model) / "model.py").read_text() == source.read_text()


def test_engines_are_batched_dynamically_and_the_loop_streams(tmp_path: Path) -> None:
    assemble(tmp_path)

    configs = {model.name: read_config(tmp_path / model.name / "config.pbtxt") for model in MODELS}
    assert all(configs[model.name].HasField("dynamic_batching") for model in ENGINES)
    assert configs[LTX_VIDEO.name].model_transaction_policy.decoupled


def test_nothing_but_models_and_configs_is_taken_from_the_template(tmp_path: Path) -> None:
    template = tmp_path / "template"
    shutil.copytree(TEMPLATE_REPOSITORY, template)
    (version_folder(template, TRANSFORMER) / "model.onnx").touch()

    assemble(tmp_path / "served", template)

    names = {Path(name).name for name in files(tmp_path / "served")}
    assert names == {"model.py", "config.pbtxt"}


def test_changed_templates_replace_the_old_and_engines_stay(tmp_path: Path) -> None:
    copy_engines(DEMO_ENGINES, tmp_path)
    assemble(tmp_path)
    fresh = files(tmp_path)
    (version_folder(tmp_path, TRANSFORMER) / "model.onnx").write_text("an engine")
    (version_folder(tmp_path, TRANSFORMER) / "model.py").write_text("old")
    (tmp_path / "transformer" / "config.pbtxt").write_text("old")

    assemble(tmp_path)

    assert files(tmp_path) == fresh | {"transformer/1/model.onnx": b"an engine"}


def test_engines_are_copied_as_they_are(tmp_path: Path) -> None:
    copy_engines(DEMO_ENGINES, tmp_path)

    assert files(tmp_path) == files(DEMO_ENGINES)


def test_engines_that_a_server_has_open_are_replaced_and_not_overwritten(tmp_path: Path) -> None:
    copy_engines(DEMO_ENGINES, tmp_path)
    engine = version_folder(tmp_path, TRANSFORMER) / "model.onnx"
    engine.write_text("old")

    with engine.open() as opened:
        copy_engines(DEMO_ENGINES, tmp_path)

        assert opened.read() == "old"
    assert files(tmp_path) == files(DEMO_ENGINES)


def test_half_copied_engines_do_not_count_as_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("shutil.copyfile", interrupt)
        with pytest.raises(KeyboardInterrupt):
            copy_engines(DEMO_ENGINES, tmp_path)
    assert "ltx_video/1/pipeline.json" not in files(tmp_path)

    copy_engines(DEMO_ENGINES, tmp_path)
    assert files(tmp_path) == files(DEMO_ENGINES)


def test_a_plan_adds_a_config_for_tritons_own_backend_and_takes_it_along(tmp_path: Path) -> None:
    plan = write_plan(version_folder(tmp_path, TRANSFORMER), TRANSFORMER, ("default", "long"))

    assemble(tmp_path)

    config = read_config(tmp_path / "transformer" / "configs" / "tensorrt.pbtxt")
    [group] = config.instance_group
    assert (config.name, config.platform) == ("transformer", "tensorrt_plan")
    assert (group.Kind.Name(group.kind), group.count) == ("KIND_GPU", 1)
    assert list(group.profile) == ["0", "1"]
    assert not (tmp_path / "vae_decoder" / "configs").exists()

    plan.unlink()
    assemble(tmp_path)
    assert not (tmp_path / "transformer" / "configs" / "tensorrt.pbtxt").exists()


def test_plans_that_tritons_own_backend_cannot_run_get_no_config_for_it(tmp_path: Path) -> None:
    write_plan(version_folder(tmp_path, TRANSFORMER), TRANSFORMER, info=RTX_INFO)

    assemble(tmp_path)

    assert not (tmp_path / "transformer" / "configs").exists()


def test_cuda_graphs_which_could_return_the_frames_of_another_request_are_off(
    tmp_path: Path,
) -> None:
    for model in ENGINES:
        write_plan(version_folder(tmp_path, model), model)

    assemble(tmp_path)

    for model in ENGINES:
        config = read_config(tmp_path / model.name / "configs" / "tensorrt.pbtxt")
        assert not config.optimization.cuda.graphs
        [warmup] = config.model_warmup
        assert set(warmup.inputs) == {tensor.name for tensor in model.inputs}
