import numpy as np

from ltx_triton.pipeline.noise import draw_noise

SHAPE = (1, 2, 3, 4, 5)


def test_the_noise_of_steps_is_drawn_after_that_of_latents_and_decoder() -> None:
    noise = draw_noise(SHAPE, seed=7)

    expected = np.random.default_rng(7).standard_normal((5, *SHAPE), dtype=np.float32)
    drawn = [noise.latents, noise.decode, *(next(noise.steps) for _ in range(3))]
    assert np.array_equal(drawn, expected)
