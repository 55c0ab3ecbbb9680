from importlib.metadata import distribution

from benchmarks.suite.install import installed_bytes


def test_the_size_of_a_package_is_that_of_its_files() -> None:
    assert 100e6 < installed_bytes(distribution("openvino")) < 300e6
