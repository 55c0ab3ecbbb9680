from typing import Any

import pytest

from ltx_triton.model_info import EngineLimits, UnsupportedSpecError
from ltx_triton.video_spec import VideoSpec
from tests.frontend.fake_triton import GUIDED_INFO, INFO
from tests.ltx_triton.pipeline.test_config import CONFIG

DISTILLED = EngineLimits.of(CONFIG)
GUIDED = EngineLimits.of(CONFIG.model_copy(update={"guidance_scale": 3.0}))


def spec(**values: Any) -> VideoSpec:
    return VideoSpec(
        prompt="a", seed=1, width=64, height=64, num_frames=9, frame_rate=8.0, **values
    )


@pytest.mark.parametrize(
    ("limits", "given", "scale", "texts"),
    [
        (DISTILLED, None, 1, 1),
        (DISTILLED, 1, 1, 1),
        (GUIDED, None, 3, 2),
        (GUIDED, 1, 1, 1),
        (GUIDED, 7.5, 7.5, 2),
    ],
)
def test_guidance_takes_the_negative_prompt_along(
    limits: EngineLimits, given: float | None, scale: float, texts: int
) -> None:
    asked = spec(guidance_scale=given)
    limits.require(asked)
    assert limits.guidance_scale(asked) == scale
    assert limits.latent_size(asked).texts == texts


def test_a_distilled_checkpoint_refuses_guidance() -> None:
    with pytest.raises(UnsupportedSpecError) as refused:
        DISTILLED.require(spec(guidance_scale=2.5))
    assert str(refused.value) == (
        "guidance_scale=2.5 is not possible; allowed: 1, since the checkpoint is distilled to do "
        "without guidance"
    )


def test_a_negative_prompt_that_has_no_effect_is_warned_of() -> None:
    negative = spec(negative_prompt="blurry")
    assert GUIDED_INFO.warnings(negative) == []
    assert INFO.warnings(spec(negative_prompt=" ")) == []
    assert INFO.warnings(negative) == [
        "the negative prompt has no effect: someone/Fake-Model is distilled to do without guidance"
    ]
    assert GUIDED_INFO.warnings(negative.model_copy(update={"guidance_scale": 1.0})) == [
        "the negative prompt has no effect: guidance_scale is 1"
    ]
