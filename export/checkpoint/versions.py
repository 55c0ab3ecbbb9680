"""How each version of LTX-Video samples.

From the files in `configs/` of Lightricks/LTX-Video: at its last commit of October 2025, but for
0.9.7, whose files were removed before (ltxv-13b-0.9.7-dev.yaml at 1f771be,
ltxv-13b-0.9.7-distilled.yaml at bc4ab62). A name here names a 2B and a 13B model where both exist.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from export.checkpoint.checkpoint import Checkpoint
from export.errors import ExportError

# Both passes of ltxv-2b-0.9.8-distilled.yaml and ltxv-13b-0.9.8-distilled.yaml together.
_LEVELS_098 = (1.0, 0.9937, 0.9875, 0.9812, 0.975, 0.9094, 0.725, 0.4219)
# Of the 2B models. For 0.9.7-dev, Lightricks changes guidance and STG from step to step.
_GUIDANCE = 3.0


@dataclass(frozen=True)
class Version:
    """Settings of requests that do not say otherwise."""

    name: str
    num_inference_steps: int
    guidance_scale: float = 1.0  # 1: distilled, no guidance
    stochastic_sampling: bool = False
    levels: tuple[float, ...] | None = None  # that a request may use, to four digits; None: any
    decode_timestep: float = 0.05
    decode_noise_scale: float = 0.025

    def __str__(self) -> str:
        steps = f"{self.num_inference_steps} step{'' if self.num_inference_steps == 1 else 's'}"
        guidance = (
            "no guidance" if self.guidance_scale == 1 else f"guidance {self.guidance_scale:g}"
        )
        return f"{self.name}: {steps}, {guidance}"


VERSIONS = {
    version.name: version
    for version in (
        Version("0.9.5", 40, _GUIDANCE),  # ltxv-2b-0.9.5.yaml
        Version("0.9.6-dev", 40, _GUIDANCE),  # ltxv-2b-0.9.6-dev.yaml
        Version("0.9.6-distilled", 8, stochastic_sampling=True),  # ltxv-2b-0.9.6-distilled.yaml
        Version("0.9.7-dev", 30, _GUIDANCE),
        Version("0.9.7-distilled", 8),  # the levels of both passes, which 8 steps have
        Version("0.9.8-distilled", 8, levels=_LEVELS_098),
    )
}
DEFAULT = VERSIONS["0.9.7-distilled"]  # of a folder that does not say
_NUMBER = re.compile(r"(?<![\d.])0\.9\.\d+(?!\.?\d)")
_KIND = re.compile(r"(?<![a-z0-9])(?:dev|distilled)(?![a-z0-9])")
_REFUSED = "0.9.8-dev"  # ltxv-13b-0.9.8-dev.yaml: guidance and STG change from step to step


def find_version(checkpoint: Checkpoint, given: str | None) -> Version:
    """Return the version that the user gives, or else the checkpoint.

    Raises:
        ExportError: it is not known, or cannot be sampled.
    """
    path = PurePosixPath(checkpoint.name).parts
    named = given or _named([*reversed(path), *checkpoint.remarks])
    if named is None and checkpoint.has_default_version:
        return DEFAULT
    if named is None:
        raise ExportError(
            f"{checkpoint.name} does not say its version: give it as "
            f"EXPORT_OPTIONS='--version 0.9.8-distilled'; allowed: {', '.join(VERSIONS)}"
        )
    if named not in VERSIONS:
        raise ExportError(
            f"{checkpoint.name}: {named} is made for spatiotemporal guidance (STG), which is not "
            "supported: take 0.9.8-distilled"
        )
    return VERSIONS[named]


def _named(texts: Iterable[str]) -> str | None:
    """Return the version in the first text that names one, such as `ltxv-2b-0.9.6-dev-04-25`.

    None if that text names several, or one that there is not.
    """
    for text in texts:
        numbers, kinds = set(_NUMBER.findall(text)), set(_KIND.findall(text.lower()))
        if numbers and (kinds or numbers & VERSIONS.keys()):
            name = "-".join([*numbers, *kinds])
            return name if name in (*VERSIONS, _REFUSED) else None
    return None
