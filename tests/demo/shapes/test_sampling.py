from random import Random

from demo.shapes.attributes import Background, Colour, Motion, Shape
from demo.shapes.sampling import is_held_out, is_visible, sample_attributes, sample_scene


def test_training_and_evaluation_use_different_combinations() -> None:
    random = Random(0)
    for held_out in (False, True):
        for _ in range(200):
            attributes = sample_attributes(random, held_out=held_out)
            assert is_held_out(attributes) == held_out
            assert is_visible(attributes)


def test_training_and_evaluation_both_use_every_attribute() -> None:
    for held_out in (False, True):
        drawn = [sample_attributes(Random(seed), held_out=held_out) for seed in range(600)]
        assert {each.shape for each in drawn} == set(Shape)
        assert {each.colour for each in drawn} == set(Colour)
        assert {each.background for each in drawn} == set(Background)
        assert {each.motion for each in drawn} == set(Motion)


def test_a_shape_never_has_the_colour_of_its_background() -> None:
    drawn = [sample_attributes(Random(seed), held_out=False) for seed in range(600)]
    assert not any(str(each.colour) == str(each.background) for each in drawn)


def test_seeds_give_different_scenes() -> None:
    attributes = sample_attributes(Random(0), held_out=False)
    assert sample_scene(Random(1), attributes) == sample_scene(Random(1), attributes)
    assert sample_scene(Random(1), attributes) != sample_scene(Random(2), attributes)
