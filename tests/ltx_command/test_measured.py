from pathlib import Path

from export.checkpoint.versions import VERSIONS
from ltx_command.known_models import KNOWN_MODELS
from ltx_command.measured import CLIP, FOLDER, MeasuredClips
from ltx_triton.settings import Settings
from tests.ltx_command.known_model import measured_clip


def test_the_file_that_is_shipped_has_known_models_only() -> None:
    models = set(MeasuredClips.load(FOLDER).models)
    assert "2b" in models
    assert models <= set(KNOWN_MODELS)


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    clips = MeasuredClips(models={"2b": measured_clip()})
    clips.save(tmp_path)
    assert MeasuredClips.load(tmp_path) == clips


def test_the_clip_is_what_a_request_without_options_gets() -> None:
    settings = Settings.model_construct()
    frames = settings.default_fps * settings.default_video_duration
    side, steps = settings.default_resolution, VERSIONS["0.9.8-distilled"].num_inference_steps
    assert f"{frames} frames, {side}x{side}, {steps} steps" == CLIP
