"""Where compiled kernels are kept, and that a batch gets the memory that the last one freed."""

import platform
import resource
from pathlib import Path

import numpy as np
import pytest

from tocsin.engine.kernels import cache_folder, state_of_kernels


def test_a_change_of_any_file_with_kernels_makes_old_ones_useless(tmp_path: Path) -> None:
    (tmp_path / "caller.py").write_text("import numba")
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "helper.py").write_text("import numba\nONE = 1")
    (tmp_path / "plain.py").write_text("ONE = 1")
    before = state_of_kernels(tmp_path)
    (tmp_path / "plain.py").write_text("ONE = 2")
    assert state_of_kernels(tmp_path) == before
    (tmp_path / "inside" / "helper.py").write_text("import numba\nONE = 2")
    changed = state_of_kernels(tmp_path)
    (tmp_path / "plain.py").write_text("from tocsin.engine.kernels import kernel")
    assert len({before, changed, state_of_kernels(tmp_path)}) == 3


def test_compiled_kernels_go_where_they_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, so that nothing can be made inside")
    found = cache_folder((tmp_path / "taken", tmp_path / "free"), "0123")
    assert found == tmp_path / "free" / "kernels-0123"
    assert found.is_dir()
    assert not list(found.iterdir())


def test_without_any_such_place_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    assert cache_folder((tmp_path / "taken",), "0123") is None


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="says something about glibc")
def test_a_batch_gets_the_memory_that_the_last_one_freed() -> None:
    pages = 3 * (8 << 20) // resource.getpagesize()
    faults = []
    for _ in range(6):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        blocks = [np.ones(2 << 20, dtype=np.uint8) for _ in range(12)]
        del blocks
        faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
    assert min(faults) < pages / 20, faults
