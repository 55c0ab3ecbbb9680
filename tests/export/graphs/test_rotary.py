import pytest
import torch
from diffusers import LTXConditionPipeline
from diffusers.models.transformers.transformer_ltx import LTXVideoRotaryPosEmbed

from export.graphs.rotary import RotaryPositions


@pytest.mark.parametrize("width", [128, 2048, 4096])  # 2, 2 and 4 channels stay unturned
def test_rotary_embeddings_equal_those_of_diffusers_bit_by_bit(width: int) -> None:
    frames, height, width = 31, 3, 4
    frame_rate = torch.tensor([[8.0], [30.0]])
    pipeline = LTXConditionPipeline
    ids = pipeline._prepare_video_ids(2, frames, height, width)
    coords = pipeline._scale_video_ids(ids, scale_factor=32, scale_factor_t=8).float()
    for sample, rate in enumerate((8.0, 30.0)):
        coords[sample, 0] = coords[sample, 0] * (1.0 / rate)
    rope = LTXVideoRotaryPosEmbed(width)
    expected = rope(torch.zeros(2, 1, width), video_coords=coords)

    actual = RotaryPositions(rope, 32, 8)(frame_rate, frames, height, width)
    for ours, theirs in zip(actual, expected, strict=True):
        assert torch.equal(ours, theirs)
