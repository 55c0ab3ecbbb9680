"""The README's figures: what the service needs, and how fast it is beside its peers."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.report.figures import GENAI, PEERS, Figures
from benchmarks.report.markdown import replace_block, table
from benchmarks.result import BF16_FOLDER, Result, load_all
from benchmarks.suite import install, large, request, start
from benchmarks.suite.contenders import TOTAL

DOCUMENT = Path(__file__).parents[2] / "README.md"
REQUIREMENTS = "<!-- requirements: made by python -m benchmarks report -->\n"
COMPARISON = "<!-- comparison: made by python -m benchmarks report -->\n"

_PARTS = (request.PART, large.PART)
# Name, and the peer in FP32 and in BF16
_COMPARED = (
    (PEERS["optimum-intel static"].name, "optimum-intel static", "optimum-intel static"),
    (f"{GENAI}, whose frames are noise", GENAI, GENAI),
    ("diffusers, eager", "diffusers", "diffusers BF16"),
)


def write(results: Sequence[Result], document: Path = DOCUMENT) -> None:
    """Replace the two tables in the README."""
    figures = _figures(results)
    text = document.read_text(encoding="utf-8")
    for begin, block in ((REQUIREMENTS, requirements(figures)), (COMPARISON, comparison(figures))):
        text = replace_block(text, begin, block)
    document.write_text(text, encoding="utf-8")


def requirements(figures: Figures) -> str:
    """Return what serving needs with the demo checkpoint."""
    downloads = median(figures.samples(install.PART, "bytes", what="downloads"))
    packages = sum(figures.package_bytes().values())
    default, longest = (figures.peak_bytes("service", what) for what in ("default", "large"))
    ready = median(figures.samples(start.PART, "s", what="ready"))
    rows = [
        ["system", "Linux on x86-64 with glibc 2.35 or newer; no GPU"],
        ["Python", "3.11 or 3.12"],
        ["download", f"{downloads / 1e6:.0f} MB"],
        ["disk", f"{packages / 1e9:.1f} GB for the packages that serving needs"],
        [
            "memory",
            f"{default / 1e9:.1f} GB for 3 s at 8 frames a second, {longest / 1e9:.1f} GB for 10 s "
            "at 24",
        ],
        ["start", f"{ready:.0f} s"],
    ]
    return _lines(table(["", ""], rows))


def comparison(figures: Figures) -> str:
    """Return times of the service and of peers, in FP32 and where a processor has BF16."""
    in_bf16 = _figures(load_all(BF16_FOLDER))
    rows = [["**this service**, from POST to MP4", *_cells("service", figures)]]
    rows[0] += _cells("service", in_bf16)[:2]
    for name, in_fp32, peer in _COMPARED:
        rows.append([name, *_cells(in_fp32, figures), *_cells(peer, in_bf16)[:2]])
    heads = ["", "3 s at 8 fps", "10 s at 24 fps", "memory for it", "3 s in BF16", "10 s in BF16"]
    return _lines(table(heads, rows))


def _cells(system: str, figures: Figures) -> list[str]:
    """Return the seconds of the service or the ratio of a peer, and the largest memory."""
    if system == "service":
        times = [
            f"{median(figures.samples(part, 's', system=system, stage=TOTAL)):.1f} s"
            for part in _PARTS
        ]
    else:
        times = [f"{figures.slowdown(system, part).value:.2f} x" for part in _PARTS]
    return [*times, f"{figures.peak_bytes(system, 'large') / 1e9:.1f} GB"]


def _figures(results: Sequence[Result]) -> Figures:
    return Figures(each for result in results for each in result.measurements)


def _lines(text: str) -> str:
    return f"{text}\n"
