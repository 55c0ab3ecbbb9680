import pytest

from export.tensorrt.profiles import profiles
from ltx_triton.contract import ENGINES, TEXT_ENCODER, TRANSFORMER, VAE_DECODER, ModelContract
from ltx_triton.engines.tensorrt.plan import Range
from ltx_triton.pipeline.config import SizeLimit
from tests.ltx_triton.pipeline.test_config import CONFIG

LIMITS = {"preview": SizeLimit(256, 320, 25), "maximum": SizeLimit(512, 512, 257)}


def test_a_transformer_takes_everything_up_to_the_size_its_batch_and_the_longest_text() -> None:
    preview, maximum = profiles(TRANSFORMER, CONFIG, LIMITS)

    assert (preview.name, maximum.name) == ("preview", "maximum")
    assert preview.inputs == {
        "latents": Range((1, 1, 1, 1, 128), (1, 4, 8, 10, 128), (4, 4, 8, 10, 128)),
        "prompt_embeds": Range((1, 32, 64), (1, 256, 64), (4, 256, 64)),
        "attention_mask": Range((1, 32), (1, 256), (4, 256)),
        "frame_rate": Range((1, 1), (1, 1), (4, 1)),
        "sigma": Range((1, 1), (1, 1), (4, 1)),
        "sigma_next": Range((1, 1), (1, 1), (4, 1)),
    }
    assert maximum.inputs["latents"].maximum == (1, 33, 16, 16, 128), "a batch gains nothing"


def test_guidance_needs_both_texts_of_a_step_to_fit_at_every_size() -> None:
    config = CONFIG.model_copy(update={"guidance_scale": 3.0})

    batches = [profile.largest_batch for profile in profiles(TRANSFORMER, config, LIMITS)]

    assert batches == [4, 2]
    assert all(each.largest_batch == 1 for each in profiles(VAE_DECODER, config, LIMITS))


def test_the_text_encoder_has_one_profile() -> None:
    [profile] = profiles(TEXT_ENCODER, CONFIG, LIMITS)

    assert profile.inputs["input_ids"] == Range((1, 32), (1, 256), (8, 256))


def test_a_decoder_of_one_video_at_a_time_has_no_larger_batch() -> None:
    profile = profiles(VAE_DECODER, CONFIG, LIMITS)[0]

    assert profile.inputs["noise"].maximum == (1, 4, 8, 10, 128)


@pytest.mark.parametrize("model", ENGINES, ids=lambda model: model.name)
def test_every_input_of_the_contract_has_its_rank(model: ModelContract) -> None:
    for profile in profiles(model, CONFIG, LIMITS):
        assert list(profile.inputs) == [tensor.name for tensor in model.inputs]
        for tensor in model.inputs:
            bounds = profile.inputs[tensor.name]
            assert len(bounds.minimum) == 1 + len(tensor.dims)
            assert bounds.holds(bounds.optimum)
            assert bounds.holds(bounds.maximum)
