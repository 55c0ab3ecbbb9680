"""Command line: `python -m ltx_triton.repository ENGINES`. Needs no torch."""

import argparse
from pathlib import Path

from ltx_triton.json_file import JsonFileError
from ltx_triton.repository.assemble import assemble, copy_engines
from ltx_triton.repository.layout import SERVED_REPOSITORY


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description="Write the Python models and configs of build/model_repository, and copy "
        "ENGINES, such as demo/engines, into it unless something has been exported."
    )
    parser.add_argument("engines", type=Path, metavar="ENGINES")
    copy_engines(parser.parse_args().engines, SERVED_REPOSITORY)
    try:
        assemble(SERVED_REPOSITORY)
    except (FileNotFoundError, JsonFileError) as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
