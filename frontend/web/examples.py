"""Prompts that show what the demo checkpoint draws, and the clips that it drew of them."""

from dataclasses import dataclass

_DEMO_MODEL = "ltx-demo"  # the name that `make train-demo` exports it by
PROMPTS = (
    "a large blue star moving left on a white background",
    "red ball going to the right, white backdrop",
    "On a navy background, a small yellow triangle spins in place",
    "a pink square bouncing on a mint surface",
    "A video of a green circle growing against black",
    "a medium orange star rising slowly over a beige screen",
)


@dataclass(frozen=True)
class Example:
    """A prompt and the address of its picture."""

    prompt: str
    picture: str


def examples_of(model_name: str) -> list[Example]:
    """What to suggest to users of a model: nothing, where another than the demo's is served."""
    if model_name != _DEMO_MODEL:
        return []
    return [Example(prompt, f"/static/examples/{name}") for prompt, name in pictures().items()]


def pictures() -> dict[str, str]:
    """Prompt -> name of its picture in `static/examples/`."""
    return {prompt: f"{number}.webp" for number, prompt in enumerate(PROMPTS, start=1)}
