"""Several writers at once, and writers killed at any moment."""

import json
import random
from collections import Counter
from itertools import pairwise
from time import sleep

import pytest

from tocsin.ledger.tests.outside import Outside, outside

__all__ = ["outside"]  # a fixture, used by name


def test_writers_at_once_leave_one_gapless_chain(outside: Outside) -> None:
    processes = [outside.start("append_in_threads", "3", "25") for _ in range(3)]
    for process in processes:
        process.communicate(timeout=120)
        assert process.returncode == 0
    verification, _ = outside.verify()
    assert (verification.ok, verification.entries) == (True, 3 * 3 * 25)


@pytest.mark.kill
def test_a_writer_killed_at_any_moment_leaves_nothing_half_written(outside: Outside) -> None:
    sizes, longest = [0], 0.2
    for _ in range(50):
        process = outside.start("append_forever")
        assert process.stdout is not None
        first = process.stdout.readline()
        sleep(random.uniform(0, longest))
        process.kill()
        rest, _ = process.communicate(timeout=60)
        promised = int((first + rest).rpartition(b"\n")[0].split(b"\n")[-1])
        sizes.append(promised)
    verification, lines = outside.verify()
    assert verification.findings == ()
    assert verification.checkpoints > 0
    # What was reported as written is there, and each act is there with all of its entries.
    assert verification.entries >= sizes[-1]
    assert all(before < after for before, after in pairwise(sizes))
    entries = [json.loads(line)["entry"] for line in lines[1 : 1 + verification.entries]]
    found = Counter(entry["subject"] for entry in entries)
    declared = {entry["subject"]: entry["payload"]["count"] for entry in entries}
    assert found == declared
    assert len(found) >= 50
