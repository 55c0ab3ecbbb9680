import pytest

from benchmarks.fresh_environment import FreshEnvironment


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> FreshEnvironment:
    return FreshEnvironment.create(tmp_path_factory.mktemp("environment"))


def test_an_environment_without_anything_else_counts_as_empty(
    environment: FreshEnvironment,
) -> None:
    assert environment.packages() == []


def test_a_program_that_fails_is_quoted(environment: FreshEnvironment) -> None:
    with pytest.raises(RuntimeError, match=r"^python ended with 3:\nno model"):
        environment.run("python", "-c", "print('no model'); raise SystemExit(3)")


def test_programs_see_nothing_of_this_checkout(environment: FreshEnvironment) -> None:
    with pytest.raises(RuntimeError, match="No module named 'ltx_triton'"):
        environment.run("python", "-c", "import ltx_triton")
