"""Reading `GET /metrics` as Prometheus does."""

from collections.abc import Callable
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

Reading = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(text: str) -> Reading:
    """Every sample by its name and labels; labels that are empty do not count as labels."""
    return {
        (sample.name, _labels(sample.labels)): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


class Growth:
    """How much samples have grown since this was made: what others counted before is left out."""

    def __init__(self, get_text: Callable[[], str]) -> None:
        self._get_text = get_text
        self._before = read(get_text())

    def __call__(self, name: str, **labels: Any) -> float:
        sample = (name, _labels(labels))
        return read(self._get_text()).get(sample, 0.0) - self._before.get(sample, 0.0)


def _labels(labels: dict[str, Any]) -> frozenset[tuple[str, str]]:
    return frozenset((name, str(value)) for name, value in labels.items() if value)
