from dataclasses import replace
from pathlib import Path

import pytest

from export.checkpoint.assembled import AssembledCheckpoint
from export.checkpoint.folder import FolderCheckpoint
from export.checkpoint.header import Header
from export.checkpoint.single_file import SingleFile
from export.checkpoint.versions import VERSIONS, find_version
from export.errors import ExportError


def single(name: str, **metadata: str) -> AssembledCheckpoint:
    part = SingleFile(Path(name), Header({}, {"config": "0.9.5", **metadata}))
    return AssembledCheckpoint(name, {"transformer": part})


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("Lightricks/LTX-Video/ltx-video-2b-v0.9.5.safetensors", "0.9.5"),
        ("ltxv-2b-0.9.6-dev-04-25", "0.9.6-dev"),
        ("ltxv-2b-0.9.6-distilled-04-25", "0.9.6-distilled"),
        ("ltxv-13b-0.9.7-dev", "0.9.7-dev"),
        ("Lightricks/LTX-Video-0.9.7-dev/ltxv-13b-0.9.7-distilled.safetensors", "0.9.7-distilled"),
        ("LTXV-2B-0.9.8-Distilled", "0.9.8-distilled"),
        ("a/LTX-Video-0.9.8-13B-distilled/model.safetensors", "0.9.8-distilled"),
        ("Lightricks/LTX-Video-0.9.7-dev", "0.9.7-dev"),
        ("devuser/0.9.8_device_distilled", "0.9.8-distilled"),
        ("dev/LTX-Video-0.9.7-distilled", "0.9.7-distilled"),
    ],
)
def test_names_tell_the_version(name: str, version: str) -> None:
    assert find_version(single(name), None) is VERSIONS[version]
    assert find_version(FolderCheckpoint(Path("folder"), name), None) is VERSIONS[version]


def test_metadata_tell_the_version_where_the_name_does_not() -> None:
    checkpoint = single("mine", model_version="0.9.6-distilled")
    assert find_version(checkpoint, None) is VERSIONS["0.9.6-distilled"]


def test_the_user_knows_better() -> None:
    assert find_version(single("ltxv-0.9.7-dev"), "0.9.5") is VERSIONS["0.9.5"]


def test_a_snapshot_of_the_hubs_cache_is_named_as_on_the_hub(tmp_path: Path) -> None:
    folder = tmp_path / "models--Lightricks--LTX-Video-0.9.7-dev" / "snapshots" / ("c" * 40)
    checkpoint = FolderCheckpoint(folder)
    assert checkpoint.name == "Lightricks/LTX-Video-0.9.7-dev"
    assert find_version(checkpoint, None) is VERSIONS["0.9.7-dev"]


def test_a_version_says_what_it_samples() -> None:
    assert str(VERSIONS["0.9.7-distilled"]) == "0.9.7-distilled: 8 steps, no guidance"
    assert str(VERSIONS["0.9.6-dev"]) == "0.9.6-dev: 40 steps, guidance 3"


@pytest.mark.parametrize(
    "name",
    [
        "mine",
        "ltxv-0.9.7",
        "ltxv-0.9.3-distilled",
        "ltxv-0.9.5-distilled",
        "ltxv-0.9.7-dev-distilled-lora-merged",
        "ltxv-0.9.70-dev",
        "0.9.7-device",
    ],
)
def test_a_file_that_does_not_say_is_refused_and_a_folder_is_distilled(name: str) -> None:
    expected = rf"^{name} does not say its version: give it as EXPORT_OPTIONS='--version .*0\.9\.5"
    with pytest.raises(ExportError, match=expected):
        find_version(single(name), None)
    version = find_version(FolderCheckpoint(Path(name)), None)
    assert version == replace(VERSIONS["0.9.7-distilled"])
    assert (version.num_inference_steps, version.guidance_scale) == (8, 1)


@pytest.mark.parametrize("name", ["ltxv-13b-0.9.8-dev", "Lightricks/x/ltxv-13b-0.9.8-dev-fp8"])
def test_a_version_made_for_stg_is_refused_by_name(name: str) -> None:
    with pytest.raises(ExportError, match=r"0\.9\.8-dev is made for .*STG.*: take 0\.9\.8-disti"):
        find_version(single(name), None)


def test_only_what_is_not_distilled_has_guidance() -> None:
    guided = {name for name, version in VERSIONS.items() if version.guidance_scale != 1}
    assert guided == {"0.9.5", "0.9.6-dev", "0.9.7-dev"}
    stochastic = {name for name, version in VERSIONS.items() if version.stochastic_sampling}
    assert stochastic == {"0.9.6-distilled"}
