"""Checkpoints of the real size with random weights: a section of docs/performance.md, and tables of
docs/models.md and of the record that `ltx-video demo` estimates from."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.machine import Machine
from benchmarks.real_size import CALIBRATION, CASES, PART, PROMPTS, STEP, STEPS
from benchmarks.report.figures import Figures
from benchmarks.report.markdown import replace_block, table, with_article
from benchmarks.result import Result
from benchmarks.suite.contenders import TOTAL
from ltx_command.measured import FOLDER, MeasuredClip, MeasuredClips
from ltx_triton.contract import ENGINES
from ltx_triton.engines.calibration import Calibration, EngineSeconds
from ltx_triton.engines.cpu_precision import CpuPrecision

DOCUMENT = Path(__file__).parents[2] / "docs" / "models.md"
RECORD = FOLDER / MeasuredClips.FILE
MACHINES = "<!-- machines: made by python -m benchmarks report -->\n"
_NAMES = {
    "2b-fp32": "FP32, mapped in ONNX Runtime",
    "2b-bf16": "BF16 in OpenVINO",
    "2b-int8": "INT8 in OpenVINO, computing in BF16",
}
_RECORDED = {"2b": "2b-int8", "2b-0.9.6": "2b-int8"}  # the versions differ in their values alone
_STAGES = ("text", "denoise", "decode", "mp4")


def section(results: Sequence[Result]) -> str:
    """Return what exports and requests of the 2B and a step of the 13B take."""
    figures = _figures(results)
    cases = _measured(figures)
    machine = _machine(results, cases[0])
    rows = [
        ["engines on the disk, GB", *(_gb(_engine_bytes(figures, case)) for case in cases)],
        *_exports(figures, cases),
        ["start until ready, s", *(_seconds(figures, case, what="start") for case in cases)],
    ]
    rows += [
        [
            f"{name} prompt: {stage}, s",
            *(_seconds(figures, case, request=name, stage=stage) for case in cases),
        ]
        for name in PROMPTS
        for stage in (*_STAGES, TOTAL)
    ]
    rows += [
        [what, *(_gb(_peak(figures, case, memory)) for case in cases)]
        for what, memory in (
            ("peak of the memory held, GB", "held"),
            ("peak of mapped files, which the system can drop, GB", "mapped"),
        )
    ]
    blocks = [
        "**The weights are random, of the real sizes**: they take the time and memory of real ones "
        f"but show nothing. On {machine.cores} cores of {with_article(machine.processor)} with "
        f"{machine.memory_bytes / 2**30:.0f} GiB, the 2B transformer, the VAE and T5-XXL were "
        "exported from single files, served through Triton, and asked for the default video (24 "
        "frames, 512 x 512, 8 steps), from POST to MP4. Memory counts all processes of the "
        "service. Other work ran on the same cores meanwhile, with a low priority.",
        table(["2B", *(_NAMES[case] for case in cases)], rows),
    ]
    if figures.labels(PART, "s", case=STEP):
        blocks.append(_step(figures))
    blocks.append(
        "`python -m benchmarks.real_size --folder FOLDER` measures this in an hour and a half: "
        "[results](../benchmarks/results/real_size)."
    )
    return "\n\n".join(blocks)


def _exports(figures: Figures, cases: Sequence[str]) -> list[list[str]]:
    """Return rows on exports: with and without comparison they take quite different times."""
    exported = [case for case in cases if figures.labels(PART, "s", case=case, what="export")]
    plain = [case for case in exported if not CASES[case].is_verified]
    compared = [case for case in exported if CASES[case].is_verified]
    return [
        [
            "export without comparison, s",
            *(_seconds(figures, case, what="export") if case in plain else "" for case in cases),
        ],
        [
            "its peak of memory held, GB",
            *(
                _gb(_bytes(figures, case, what="export", memory="held")) if case in plain else ""
                for case in cases
            ),
        ],
        [
            "export, compared with PyTorch and its memory measured, s",
            *(_seconds(figures, case, what="export") if case in compared else "" for case in cases),
        ],
    ]


def write(results: Sequence[Result], document: Path = DOCUMENT, record: Path = FOLDER) -> None:
    """Replace the table in docs/models.md, and the record that the command is shipped with."""
    figures = _figures(results)
    text = document.read_text(encoding="utf-8")
    document.write_text(replace_block(text, MACHINES, f"{machines(figures)}\n"), encoding="utf-8")
    clips = {name: _clip(results, figures, case) for name, case in _RECORDED.items()}
    MeasuredClips(models=clips).save(record)


def machines(figures: Figures) -> str:
    """Return the table of docs/models.md."""
    rows = [
        [
            f"2B, {_NAMES[case]}",
            f"{_gb(_engine_bytes(figures, case))} GB",
            f"{_gb(_peak(figures, case, 'held'))} GB",
            f"{_gb(_peak(figures, case, 'mapped'))} GB",
            f"{_seconds(figures, case, request='first', stage=TOTAL)} s",
        ]
        for case in _measured(figures)
    ]
    heads = ["", "disk for engines", "memory held", "and mapped", "default video"]
    return table(heads, rows)


def _step(figures: Figures) -> str:
    loaded, stepped = (
        figures.samples(PART, "s", case=STEP, what=f"load and {steps} steps")[0]
        for steps in (0, STEPS)
    )
    of = {"case": STEP, "what": f"load and {STEPS} steps"}
    held = figures.samples(PART, "bytes", **of, memory="held")[0]
    export = {"case": STEP, "what": "export"}
    engine = figures.samples(PART, "bytes", case=STEP, engine="transformer")[0]
    return (
        f"The 13B's transformer in INT8, from a single file of "
        f"{_gb(figures.samples(PART, 'bytes', case=STEP, file='13b.safetensors')[0])} GB: exported "
        f"in {figures.samples(PART, 's', **export)[0]:.0f} s, with "
        f"{_gb(figures.samples(PART, 'bytes', **export, memory='held')[0])} GB of memory held at "
        f"the peak, to {_gb(engine)} GB. OpenVINO loads it in {loaded:.0f} s and holds "
        f"{_gb(held)} GB; a step of the default video takes {(stepped - loaded) / STEPS:.0f} s."
    )


def _clip(results: Sequence[Result], figures: Figures, case: str) -> MeasuredClip:
    machine = _machine(results, case)
    stages = {
        stage: figures.samples(PART, "s", case=case, request="first", stage=stage)[0]
        for stage in EngineSeconds.model_fields
    }
    pieces = {
        piece: figures.samples(PART, "s", case=CALIBRATION, piece=piece)[0]
        for piece in EngineSeconds.model_fields
    }
    [text] = figures.labels(PART, "s", case=CALIBRATION, piece="text")
    return MeasuredClip(
        processor=machine.processor,
        precision=case.rpartition("-")[2],
        engine_bytes=round(_engine_bytes(figures, case)),
        memory_bytes=round(_peak(figures, case, "held")),
        seconds=EngineSeconds(**stages),
        calibration=Calibration(
            precision=CpuPrecision(str(text["precision"])),
            cores=machine.cores,
            pieces=EngineSeconds(**pieces),
        ),
    )


def _measured(figures: Figures) -> list[str]:
    return [case for case in CASES if figures.labels(PART, "s", case=case)]


def _machine(results: Sequence[Result], case: str) -> Machine:
    return next(each.machine for each in results if each.measurements[0].labels["case"] == case)


def _figures(results: Sequence[Result]) -> Figures:
    return Figures(each for result in results for each in result.measurements)


def _engine_bytes(figures: Figures, case: str) -> float:
    return sum(_bytes(figures, case, engine=engine.name) for engine in ENGINES)


def _peak(figures: Figures, case: str, memory: str) -> float:
    return max(_bytes(figures, case, request=name, memory=memory) for name in PROMPTS)


def _bytes(figures: Figures, case: str, **labels: str) -> float:
    return figures.samples(PART, "bytes", case=case, **labels)[0]


def _seconds(figures: Figures, case: str, **labels: str) -> str:
    seconds = figures.samples(PART, "s", case=case, **labels)[0]
    return f"{seconds:.0f}" if seconds >= 10 else f"{seconds:.1f}"


def _gb(size: float) -> str:
    return f"{size / 1e9:.1f}"
