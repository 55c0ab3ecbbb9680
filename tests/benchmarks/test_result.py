from pathlib import Path

import pytest

from benchmarks.machine import Machine
from benchmarks.measurement import Measurement
from benchmarks.result import Result, find, load_all


@pytest.fixture
def result() -> Result:
    measured = [
        Measurement("engines", {"engine": "transformer", "side": side}, "s", [0.1, 0.2])
        for side in (256, 512)
    ]
    return Result(Machine.here(), "python -m benchmarks run engines", measured)


def test_results_round_trip(result: Result, tmp_path: Path) -> None:
    file = tmp_path / "new" / "engines.json"
    result.save(file)
    assert Result.load(file) == result
    assert load_all(tmp_path / "new") == [result]
    assert load_all(file) == [result]


def test_each_measurement_takes_one_line(result: Result, tmp_path: Path) -> None:
    result.save(tmp_path / "engines.json")
    lines = (tmp_path / "engines.json").read_text().splitlines()
    assert sum('"samples": [0.1, 0.2]' in line for line in lines) == 2


def test_errors_name_the_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no results in .*benchmarks run"):
        load_all(tmp_path)
    with pytest.raises(ValueError, match=r"no results in .*nothing\.json"):
        load_all(tmp_path / "nothing.json")
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(ValueError, match=r"other\.json is not a result"):
        load_all(tmp_path)


def test_labels_must_match_exactly_one_measurement(result: Result) -> None:
    assert find(result.measurements, "engines", "s", side=512) == [0.1, 0.2]
    with pytest.raises(LookupError, match="2 measurements of engines in s"):
        find(result.measurements, "engines", "s", engine="transformer")
    with pytest.raises(LookupError, match="0 measurements"):
        find(result.measurements, "engines", "bytes")


def test_the_machine_is_described() -> None:
    machine = Machine.here()
    assert machine.cores >= 1
    assert machine.memory_bytes > 2**30
    for package in ("openvino", "optimum-intel", "openvino-genai"):
        assert machine.packages[package][0].isdigit()
    assert machine.processor
