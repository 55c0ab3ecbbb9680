import mmap
from pathlib import Path

from ltx_triton.engines.process_memory import ProcessMemory, held_bytes

MB = 2**20


def test_what_is_allocated_counts_and_a_mapped_file_does_not(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"1" * 64 * MB)
    memory, before = ProcessMemory(), held_bytes()

    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        assert sum(mapped[:: mmap.PAGESIZE]) > 0  # reads each page
        assert held_bytes() - before < 8 * MB
        assert not memory.exceeds(8 * MB)

    allocated = bytearray(b"1" * 64 * MB)
    assert held_bytes() - before >= len(allocated)
    assert memory.exceeds(60 * MB)
