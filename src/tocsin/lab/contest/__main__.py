"""``python -m tocsin.lab.contest``: train every family on the same rows and print what each is worth.

    python -m tocsin.lab.contest --data ../shared/data --rows 24000

The network takes part where the dependency group ``contest`` is installed, and is named as missing where not.
"""

import argparse
import importlib
import importlib.util
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tocsin.engine.detector import Gatherer
from tocsin.lab.contest.arena import Arena, set_up
from tocsin.lab.contest.entry import Entry
from tocsin.lab.contest.figures import judge, table
from tocsin.lab.contest.tabular import enter_linear, enter_logistic, enter_trees
from tocsin.lab.learning import prepare

NEEDED = ("jax", "onnx", "onnxruntime")
"""Packages of the dependency group ``contest``."""

_SAMPLE_ROWS = 2_000

Enter = Callable[[Arena], Entry]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the contest. Exit status 0, or 2 for wrong arguments; raises like `lab.learning.prepare`."""
    parser = argparse.ArgumentParser(prog="python -m tocsin.lab.contest", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--data", type=Path, help="folder of public corpora; without it the bundled rows alone")
    parser.add_argument("--rows", type=int, help="rows to learn from at most; all if not given")
    given = parser.parse_args(arguments)
    if given.rows is not None and given.rows < 1:
        parser.error("--rows must be at least 1")
    gatherer = Gatherer.load()
    arena = set_up(prepare(given.data, gatherer), gatherer, given.rows, _say)
    entries = []
    for enter in families():
        begin = time.process_time()
        entries.append(enter(arena))
        _say(f"{entries[-1].name}: {time.process_time() - begin:.0f} s of training and scoring")
    sys.stdout.write(table(judge(arena, entries, sample_of(arena))))
    return 0


def families() -> list[Enter]:
    """The families that can take part here."""
    found: list[Enter] = [enter_linear, enter_logistic, enter_trees]
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        _say(f"no network: not installed: {', '.join(missing)}")
    else:
        found.append(importlib.import_module("tocsin.lab.contest.network").enter_network)
    return found


def sample_of(arena: Arena) -> list[str]:
    """Messages to time with: the held-out part in its own mix, evenly thinned."""
    step = max(1, len(arena.held.rows) // _SAMPLE_ROWS)
    return arena.held.texts[::step][:_SAMPLE_ROWS]


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
