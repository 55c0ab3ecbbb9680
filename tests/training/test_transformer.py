from functools import partial

import torch
from torch import Tensor, nn

from training.latents import CHANNELS
from training.transformer import Batch, flow_loss, token_places

LENGTHS = (4, 10, 3, 6, 8)  # shapes, colours, sizes, backgrounds, motions


def test_places_are_in_the_order_of_the_tokens() -> None:
    latents = torch.zeros(2, 3, 4, 5, CHANNELS)
    places = token_places(latents)
    assert places.shape == (2, 60, 3)
    assert places[1, 0].tolist() == [-1, -1, -1]
    assert places[1, 4].tolist() == [-1, -1, 1]
    assert places[1, 15].tolist() == [-1, 1, -1]
    assert places[1, -5].tolist() == [1, 1, -1]


def test_a_model_that_knows_velocity_places_and_words_has_no_loss() -> None:
    latents = torch.randn(4, 2, 3, 3, CHANNELS)
    attributes = torch.tensor([[0, 9, 2, 5, 7]] * 4)
    frame_rate = torch.full((4, 1), 8.0)
    batch = Batch(latents, torch.zeros(4, 1), torch.ones(4, 1), frame_rate, attributes)
    words = torch.cat(
        [nn.functional.one_hot(attributes[:, i], n) for i, n in enumerate(LENGTHS)], 1
    )

    def model(noisy: Tensor, sigma: Tensor, batch: Batch, sureness: float) -> tuple[Tensor, Tensor]:
        velocity = (noisy - batch.latents) / sigma[:, :, None, None, None]
        said = sureness * words[:, None].expand(-1, 18, -1)
        return velocity, torch.cat([token_places(batch.latents), said], dim=-1)

    torch.manual_seed(0)
    assert flow_loss(partial(model, sureness=50.0), batch).item() < 1e-6
    assert flow_loss(partial(model, sureness=0.0), batch).item() > 0.1
