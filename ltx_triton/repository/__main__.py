"""Prepare the model repository before anything is served: `python -m ltx_triton.repository`."""

import logging

from ltx_triton.json_file import JsonFileError
from ltx_triton.repository.layout import SERVED_REPOSITORY
from ltx_triton.repository.prepare import PreparationError, prepare


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        prepare(SERVED_REPOSITORY)
    except (PreparationError, FileNotFoundError, JsonFileError) as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
