"""Rows on disk: what comes back is what went in, and a full disk is told."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.core.rowfile import NumberFile, RowFile, storage_folder

VALUES = st.one_of(st.none(), st.text(max_size=8))
BATCHES = st.lists(st.lists(st.tuples(VALUES, VALUES), max_size=5), max_size=8)


@settings(max_examples=40)
@given(BATCHES, st.integers(0, 20), st.integers(0, 20))
def test_rows_come_back_as_they_went_in(batches, start, stop):
    file = RowFile()
    for batch in batches:
        file.add(batch)
    rows = [row for batch in batches for row in batch]
    assert file.rows == len(rows)
    assert list(file.slice(0, file.rows)) == rows
    assert list(file.slice(start, stop)) == rows[start:stop]
    assert [file.row(index) for index in range(len(rows))] == rows
    assert (file.row(len(rows)), file.row(-1)) == (None, None)
    file.close()


def test_rows_without_columns_and_large_ones():
    file = RowFile()
    file.add([(), ()])
    file.add([("x" * 5_000_000,), (None,)])
    assert [len(row) for row in file.slice(0, 9)] == [0, 0, 1, 1]
    assert len(file.row(2)[0]) == 5_000_000


@given(st.lists(st.integers(0, 2**63 - 1), max_size=50))
def test_numbers_come_back(numbers):
    file = NumberFile(numbers)
    assert (file.count, file.slice(0, 99), file.slice(1, 3)) == (len(numbers), numbers, numbers[1:3])


@pytest.mark.skipif(sys.platform == "win32", reason="files without a name are POSIX's")
def test_nobody_else_can_open_the_files():
    file = RowFile()
    file.add([("secret",)])
    for opened in (file._data, file._ends._file):
        facts = os.fstat(opened.fileno())
        assert (facts.st_nlink, facts.st_mode & 0o077) == (0, 0)
    assert list(Path(storage_folder()).glob("wsql-*")) == []


def test_a_full_disk_is_told_and_what_was_here_stays():
    """RLIMIT_FSIZE stands for the disk: it holds for a whole process."""
    script = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
from tui.core.errors import ResultStorageFull
from tui.core.rowfile import RowFile
file = RowFile()
file.add([("kept",)])
try:
    file.add([("x" * 200_000,)])
except ResultStorageFull as full:
    print(full.code, file.rows, file.row(0))
file.add([("small",)])
print(list(file.slice(0, 9)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines() == ["result-storage-full 1 ('kept',)", "[('kept',), ('small',)]"]


def test_two_threads_read_what_is_theirs():
    """An export reads in one thread what another draws."""
    file = NumberFile(range(20_000))

    def read(start):
        return all(file.slice(at, at + 3) == [at, at + 1, at + 2] for at in range(start, 19_000, 7))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(read, range(8)))
