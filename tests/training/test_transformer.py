import torch

from training.latents import CHANNELS
from training.transformer import Batch, flow_loss, token_places


def test_places_are_in_the_order_of_the_tokens() -> None:
    latents = torch.zeros(2, 3, 4, 5, CHANNELS)
    places = token_places(latents)
    assert places.shape == (2, 60, 3)
    assert places[1, 0].tolist() == [-1, -1, -1]
    assert places[1, 4].tolist() == [-1, -1, 1]
    assert places[1, 15].tolist() == [-1, 1, -1]
    assert places[1, -5].tolist() == [1, 1, -1]


def test_a_model_that_knows_velocity_and_places_has_no_loss() -> None:
    latents = torch.randn(4, 2, 3, 3, CHANNELS)
    batch = Batch(latents, torch.zeros(4, 1), torch.ones(4, 1), torch.full((4, 1), 8.0))

    def knowing(
        noisy: torch.Tensor, sigma: torch.Tensor, batch: Batch
    ) -> tuple[torch.Tensor, torch.Tensor]:
        level = sigma[:, :, None, None, None]
        return (noisy - batch.latents) / level, token_places(batch.latents)

    def misplacing(
        noisy: torch.Tensor, sigma: torch.Tensor, batch: Batch
    ) -> tuple[torch.Tensor, torch.Tensor]:
        velocity, places = knowing(noisy, sigma, batch)
        return velocity, 0 * places

    torch.manual_seed(0)
    assert flow_loss(knowing, batch).item() < 1e-6
    assert flow_loss(misplacing, batch).item() > 0.1
