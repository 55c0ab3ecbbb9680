"""Example prompts for the demo checkpoint, and clips that it generated from them."""

from dataclasses import dataclass

from frontend.web.static_files import STATIC

DEMO_MODEL = "ltx-demo"  # as `make train-demo` exports it
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
    prompt: str
    clip: str  # path of an animated image
    still: str  # path of one of its frames


def examples_for(model_name: str | None) -> list[Example]:
    """Return the examples of the demo checkpoint; none for other models."""
    if model_name != DEMO_MODEL:
        return []
    return [
        Example(
            prompt,
            f"{STATIC.address}/examples/{name}",
            f"{STATIC.address}/examples/{still_file(name)}",
        )
        for prompt, name in clip_files().items()
    ]


def clip_files() -> dict[str, str]:
    """Map prompts to file names in `static/examples/`."""
    return {prompt: f"{number}.webp" for number, prompt in enumerate(PROMPTS, start=1)}


def still_file(clip_file: str) -> str:
    return clip_file.replace(".webp", ".still.webp")
