"""Sections on start, memory and the engines."""

from statistics import median

from benchmarks.report.figures import Figures
from benchmarks.report.markdown import spread, table
from benchmarks.suite import engines, install, start
from ltx_triton.contract import ENGINES, TRANSFORMER, VAE_DECODER

_LISTED_PACKAGES = 8


def start_and_memory(figures: Figures) -> str:
    seconds = [
        [f"{each['what']}", *spread(figures.samples(start.PART, "s", **each))]
        for each in figures.labels(start.PART, "s")
    ]
    sizes = [
        [f"{each['process']}", f"{median(figures.samples(start.PART, 'bytes', **each)) / 1e6:.0f}"]
        for each in figures.labels(start.PART, "bytes")
    ]
    return (
        "`make serve` until it is ready, then the first two default requests:\n\n"
        + table(["", "median, s", "5 %", "95 %"], seconds)
        + "\n\nResident memory afterwards (shared pages count in every process):\n\n"
        + table(["process", "MB"], sizes)
    )


def serving_environment(figures: Figures) -> str:
    sizes = figures.package_bytes()
    largest = list(sizes.items())[:_LISTED_PACKAGES]
    rest = sum(sizes.values()) - sum(size for _, size in largest)
    rows = [*largest, (f"{len(sizes) - len(largest)} others", rest), ("all", sum(sizes.values()))]
    return (
        "The wheel, with the demo checkpoint in it, installed into an empty environment:\n\n"
        + table(["", "s", "MB"], _installation(figures, sum(sizes.values())))
        + "\n\nIts dependencies, with the bytecode that pip compiles, without pip itself:\n\n"
        + table(["package", "MB"], [[name, f"{size / 1e6:.0f}"] for name, size in rows])
    )


def _installation(figures: Figures, packages: float) -> list[list[str]]:
    def seconds(step: str) -> str:
        return f"{median(figures.samples(install.PART, 's', step=step)):.1f}"

    def size(what: str) -> float:
        return figures.samples(install.PART, "bytes", what=what)[0]

    return [
        ["the wheel", "", f"{size('wheel') / 1e6:.1f}"],
        ["`pip download`", seconds("download"), f"{size('downloads') / 1e6:.0f}"],
        ["`pip install` of the downloads", seconds("install"), f"{packages / 1e6:.0f}"],
        [
            "the first `ltx-video demo`, and what it keeps for later",
            seconds("first demo"),
            f"{size('kept for the user') / 1e6:.1f}",
        ],
        ["the second", seconds("second demo"), ""],
    ]


def engine_rates(figures: Figures) -> str:
    cores = max(int(each["cores"]) for each in figures.labels(engines.PART, "s"))
    [peak_labels] = figures.labels(engines.PART, "flop/s", what="peak")
    peak = median(figures.samples(engines.PART, "flop/s", **peak_labels))
    rows = []
    for contract in ENGINES:
        for each in figures.labels(engines.PART, "s", engine=contract.name):
            [per_video] = figures.samples(
                engines.PART,
                "flop",
                engine=contract.name,
                side=each["side"],
                frames=each["frames"],
            )
            operations = int(each["batch"]) * per_video
            seconds = median(figures.samples(engines.PART, "s", **each))
            rows.append(
                [
                    contract.name,
                    f"{each['side']} x {each['side']} x {each['frames']}",
                    f"{each['batch']}",
                    f"{each['cores']}",
                    f"{operations / 1e9:.2f}",
                    f"{seconds * 1e3:.1f}",
                    f"{operations / seconds / 1e9:.0f}",
                    f"{operations / seconds / peak * cores / int(each['cores']):.0%}",
                ]
            )
    fits = []
    for contract in (TRANSFORMER, VAE_DECODER):  # the text has the same length at every size
        fit = figures.fit(contract.name)
        fits.append(
            [
                contract.name,
                f"{fit.constant * 1e3:.1f}",
                f"{fit.rate / 1e9:.0f}",
                f"{fit.peak_share:.0%}",
            ]
        )
    heads = ["engine", "size", "batch", "cores", "GFLOP", "ms", "GFLOP/s", "of peak"]
    return (
        "Peak is the rate of this machine in products of large "
        f"{str(peak_labels['precision']).upper()} matrices: {peak / 1e9:.0f} GFLOP/s on {cores} "
        "cores. Operations are counted in PyTorch; a multiply-add counts as two.\n\n"
        + table(heads, rows)
        + "\n\nSeconds as a constant and a rate, fitted over the sizes:\n\n"
        + table(["engine", "constant, ms", "GFLOP/s", "of peak"], fits)
    )
