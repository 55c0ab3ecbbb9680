"""What a checkpoint was trained on, where its makers say it: a file beside model_index.json."""

from typing import Literal

from ltx_triton.json_file import JsonFile


class TrainedOn(JsonFile):
    """Videos of other words or sizes show something else than they are asked to."""

    FILE = "trained_on.json"
    REMEDY = "remove it, or write it as demo/training does"

    version: Literal[1] = 1
    words: tuple[str, ...] = ()  # none: any
    sides: tuple[int, int] | None = None  # pixels, least and most; None: any
