import json

from export.memory.need import measuring_need
from tests.export.test_needs import RESULTS


def test_the_constants_are_those_of_the_measurement() -> None:
    for measuring in json.loads(RESULTS.read_text())["measuring"]:
        peak = measuring["usage"]["peak_anonymous_bytes"]
        need = measuring_need("an engine", measuring["fp32_bytes"], "")
        assert peak < need.bytes < 1.2 * peak
