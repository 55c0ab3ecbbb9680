"""Tables of what has been measured, and what follows from it by computing."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.gpu.cases import Model
from benchmarks.gpu.samples import EVERYTHING, REQUEST, Samples
from benchmarks.measurement import paired_ratio, unpaired_ratio
from ltx_triton.contract import TEXT_ENCODER, TRANSFORMER, VAE_DECODER

_SYSTEMS = {"engine": "engine", "triton": "Triton", "eager": "eager", "compiled": "torch.compile"}
_BLANK = ""

Result = Mapping[str, Any]  # of a case, as its file has it


def report(results: Sequence[tuple[Model, Result]]) -> str:
    begun = [(model, result) for model, result in results if result["parts"] or result["skipped"]]
    sections = [_section(model, result) for model, result in begun]
    computed = [_computed(model, result, results) for model, result in results if _is_cut(model)]
    return "\n\n".join([*sections, *filter(None, computed)])


def _section(model: Model, result: Result) -> str:
    parts, skipped = result["parts"], result["skipped"]
    lines = [f"### {model.name}, {model.layers} of {model.whole_layers} layers", ""]
    lines += [_parity(parts)]
    lines += [_triton(name, each) for name, each in parts.items() if _is_triton(name)]
    lines += [f"not run: {name}: {reason}" for name, reason in skipped.items()]
    return "\n".join([*lines, "", *_table(parts)])


def _parity(parts: Result) -> str:
    if "parity" not in parts:
        return "parity: not checked"
    if parts["parity"]["passed"]:
        return "parity: passed"
    return "parity: FAILED; the times below are of engines that compute something else"


def _is_triton(part: str) -> bool:
    return part.startswith("triton")


def _triton(name: str, part: Result) -> str:
    server, samples = part["server"], part["seconds"][REQUEST]
    backends = ", ".join(f"{model} {backend}" for model, backend in server["backends"].items())
    line = f"{name}: version {server['version']}, backends: {backends}; "
    line += f"request {_ms(median(samples['triton']))} ms"
    if "engine" in samples:
        ratio = paired_ratio(samples["triton"], samples["engine"])
        line += f", {ratio} times the bare engines in turns with it"
    return line


def _table(parts: Result) -> list[str]:
    floor = parts.get("pytorch", {}).get("floor_seconds", {})
    rows = [
        "| median ms | engine | Triton | eager | torch.compile | floor | floor / engine "
        "| compiled / engine |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for what in EVERYTHING:
        samples = _samples(parts, what)
        if not samples:
            continue
        cells = [_ms(median(samples[name])) if name in samples else _BLANK for name in _SYSTEMS]
        cells.append(_ms(floor[what]) if what in floor else _BLANK)
        known = what in floor and "engine" in samples
        cells.append(f"{floor[what] / median(samples['engine']):.0%}" if known else _BLANK)
        cells.append(_ratio(parts, what))
        rows.append(f"| {what} | {' | '.join(cells)} |")
    return rows if len(rows) > 2 else []


def _samples(parts: Result, what: str) -> dict[str, list[float]]:
    """Return those of the wheel's Triton; of PyTorch those in turns with the engines if any."""
    found: dict[str, list[float]] = {}
    for stage in ("pytorch", "engines", "triton"):
        seconds: Samples = parts.get(stage, {}).get("seconds", {})
        kept = ("triton",) if stage == "triton" else _SYSTEMS
        found |= {name: taken for name, taken in seconds.get(what, {}).items() if name in kept}
    return found


def _ratio(parts: Result, what: str) -> str:
    samples = _samples(parts, what)
    if not {"engine", "compiled"} <= {*samples}:
        return _BLANK
    if parts["engines"]["without_pytorch"] is None:
        return f"{paired_ratio(samples['compiled'], samples['engine'])}"
    return f"{unpaired_ratio(samples['compiled'], samples['engine'])}, not in turns"


def _is_cut(model: Model) -> bool:
    return not (model.is_whole or model.is_tiny)


def _computed(model: Model, result: Result, results: Sequence[tuple[Model, Result]]) -> str | None:
    """Scale a step of some layers to all of them; add the rest of a request, if it is measured.

    What happens once in a step is scaled as well, so the step comes out a little long.
    """
    step = _samples(result["parts"], TRANSFORMER.name)
    if not step:
        return None
    factor = model.whole_layers / model.layers
    steps = result["case"]["request"]["num_inference_steps"]
    rest = next(
        (
            _samples_of_rest(each["parts"])
            for other, each in results
            if other.is_whole and not other.is_tiny and _same_rest(other, model)
        ),
        {},
    )
    lines = [
        f"### {model.architecture}-{model.precision}, COMPUTED, not measured",
        "",
        f"A step is {factor:g} times that of {model.name}; a request is {steps} of them and the "
        "text encoder and decoder of a whole model.",
        "",
        "| ms | engine | eager | torch.compile |",
        "|---|---|---|---|",
    ]
    names = ("engine", "eager", "compiled")
    whole = {name: factor * median(step[name]) for name in names if name in step}
    lines.append(_row("step", {name: whole.get(name) for name in names}))
    lines.append(
        _row(
            REQUEST,
            {
                name: steps * whole[name] + rest[name] if name in whole and name in rest else None
                for name in names
            },
        )
    )
    return "\n".join(lines)


def _same_rest(other: Model, model: Model) -> bool:
    """Tell whether text encoder and decoder are in the same precision."""
    narrow = ("bf16", "fp8")
    return other.precision == model.precision or (
        other.precision in narrow and model.precision in narrow
    )


def _samples_of_rest(parts: Result) -> dict[str, float]:
    """Seconds of text encoder and decoder, by system."""
    text, decoder = (_samples(parts, engine.name) for engine in (TEXT_ENCODER, VAE_DECODER))
    return {name: median(text[name]) + median(decoder[name]) for name in text if name in decoder}


def _row(what: str, seconds: Mapping[str, float | None]) -> str:
    cells = [_BLANK if each is None else _ms(each) for each in seconds.values()]
    return f"| {what} | {' | '.join(cells)} |"


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.1f}"
