from benchmarks.gpu.samples import WARM_UP, take


def test_systems_take_turns_and_the_first_rounds_do_not_count() -> None:
    asked: list[str] = []

    def system(name: str, what: str) -> float:
        asked.append(f"{name} {what}")
        return float(len(asked))

    samples = take(
        {
            "engine": lambda what: system("engine", what),
            "eager": lambda what: system("eager", what),
        },
        ("transformer", "request"),
        rounds=3,
    )
    assert asked[:4] == [
        "engine transformer",
        "eager transformer",
        "engine request",
        "eager request",
    ]
    first = 4 * WARM_UP + 1.0
    assert samples["transformer"] == {
        "engine": [first, first + 4, first + 8],
        "eager": [first + 1, first + 5, first + 9],
    }
    assert len(samples["request"]["eager"]) == 3
