"""Runs the measurements in order and puts them together: as text to print and paste, and as plain data to keep."""

import platform
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow.compute as pc

from tocsin.engine.detector import Detector
from tocsin.engine.patterns import read_folder
from tocsin.lab.bench.clock import one_core
from tocsin.lab.bench.fuzz import Fuzzed, Fuzzer, fuzz
from tocsin.lab.bench.growth import flatness, measure_growth
from tocsin.lab.bench.hostile import MOST_SHARES, Share, measure_hostile
from tocsin.lab.bench.peers import PeerCosts, measure_peers, phrases_of, require_peers
from tocsin.lab.bench.reference import Reference, digest
from tocsin.lab.bench.service import SINGLES, measure_look_ups, measure_service
from tocsin.lab.bench.stages import Tools, measure_stages
from tocsin.lab.bench.table import WHOLE, markdown, table_of, table_text
from tocsin.lab.bench.workers import measure_scan, measure_workers, write_messages

SEED: Final = 1
_ORDINARY: Final = 5_000  # messages that a share is taken from
_SHOWN: Final = 12  # hostile kinds that are printed
_CPU = Path("/proc/cpuinfo")

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure.

    rows: messages of the reference input.  data: folder of the shared data, None for the bundled corpus.  rounds: how
    often, for the median.  longest: messages of the largest column whose cost is taken.  known, asked: indicators of
    the table that is held in memory, and of the one that is asked.  sample: messages for the peers, none if 0.
    hostile: bytes of each hostile text, none if 0.  workers: whether to try two.  scan: the words that start ``tocsin
    scan``.  spark: whether to try it with Spark.
    """

    rows: int = 1_000_000
    data: Path | None = None
    rounds: int = 3
    longest: int = 1_000_000
    known: int = 1_000_000
    asked: int = 5_000_000
    sample: int = 0
    hostile: int = 0
    workers: bool = False
    scan: tuple[str, ...] = ()
    spark: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure beside what is wanted of it; holds is None where nothing is."""

    what: str
    figure: str
    wanted: str = "–"
    holds: bool | None = None


class Bench:
    """One run: every method measures one thing, adds to `findings` and `data`, and gives the text to print, if any."""

    def __init__(self, plan: Plan, tell: Tell) -> None:
        if plan.sample:
            require_peers()
        self._plan = plan
        self._tell = tell
        self._reference = Reference.read(plan.data)
        self._column = self._reference.messages(plan.rows)
        self._detector = Detector.load()
        self.findings: list[Finding] = []
        self.data: dict[str, Any] = {}

    def run(self, say: Tell) -> None:
        """Measure everything that the plan asks for, and say what comes out, part by part."""
        with one_core() as core:
            say(self.describe(core))
            say(self.stages())
            say(self.growth())
            if self._plan.hostile:
                say(self.hostile())
            with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
                self.service(Path(folder))
        with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
            if self._plan.workers:
                self.workers(Path(folder))
            if self._plan.spark:
                self.spark(Path(folder))
        say(self.summary())

    def describe(self, core: int | None) -> str:
        """The input and the machine."""
        lengths = pc.binary_length(self._column).to_numpy()
        source = "the shared data" if self._plan.data else "the bundled corpus"
        self.data["input"] = {
            "messages": len(lengths),
            "bytes": int(lengths.sum()),
            "median": float(np.median(lengths)),
            "distinct sources": len(self._reference.texts),
            "source": source,
            "sha256": digest(self._column),
        }
        self.data["machine"] = {"processor": _processor(), "python": platform.python_version(), "core": core}
        self.data["rules"] = self._detector.rules
        return (
            f"{len(lengths):,} messages, {lengths.sum() / 1e6:.1f} MB, half under {np.median(lengths):.0f} bytes; "
            f"drawn from {len(self._reference.texts):,} of {source}; SHA-256 {self.data['input']['sha256'][:16]}…\n"
            f"{_processor()}, {'one core' if core is not None else 'cores not pinned'}, Python "
            f"{platform.python_version()}; medians of {self._plan.rounds} rounds, processor time; rules "
            f"{self._detector.rules}\n"
        )

    def stages(self) -> str:
        """The table."""
        self._tell("stages")
        expressions = [pattern.expression for pattern in read_folder()]
        costs = measure_stages(self._detector, Tools.load(expressions), self._column, self._plan.rounds)
        peers = self._peers(expressions) if self._plan.sample else None
        lines = table_of(costs, peers)
        whole = next(line for line in lines if line.stage == WHOLE)
        self.data["stages"] = [asdict(line) for line in lines]
        self.data["whole"] = asdict(costs.whole)
        rate, wall = whole.per_second, costs.messages / costs.whole.wall
        self._find("whole chain, one core", f"{rate:,.0f} messages/s", "≥ 200,000", holds=rate >= 200_000)
        self._find("the same on the wall", f"{wall:,.0f} messages/s")
        if whole.faster is not None:
            self._find(
                "whole chain over the peers' chain", f"{whole.faster:.1f} times", "≥ 25", holds=whole.faster >= 25
            )
        return table_text(lines)

    def _peers(self, expressions: Sequence[str]) -> PeerCosts:
        self._tell("peers")
        sample = min(self._plan.sample, self._plan.rows)
        texts: Any = self._column.slice(0, sample).to_pylist()
        return measure_peers(texts, self._reference.labels(sample), phrases_of(expressions), self._plan.rounds)

    def growth(self) -> str:
        """Cost by number of messages."""
        self._tell("cost by number of messages")
        points = measure_growth(self._detector, self._reference, self._plan.longest, self._plan.rounds)
        self.data["growth"] = [asdict(point) for point in points]
        if len(points) > 1:
            between = f"{points[0].messages:,} to {points[-1].messages:,} messages"
            self._find(f"dearest over cheapest message, {between}", f"{flatness(points):.2f}", "flat")
        return markdown(
            ("messages in one call", "µs a message"), [(f"{each.messages:,}", f"{each.micros:.2f}") for each in points]
        )

    def hostile(self) -> str:
        """Text made to be slow."""
        self._tell("hostile texts")
        found = measure_hostile(self._detector, self._share(), self._plan.hostile)
        self.data["hostile"] = [asdict(each) for each in found]
        worst = found[0]
        figure = f"{worst.shares:.1f} shares ({worst.kind})"
        self._find("dearest hostile text", figure, f"≤ {MOST_SHARES:.0f}", holds=worst.shares <= MOST_SHARES)
        rows = [
            (each.kind, "one" if each.is_one else "many", f"{each.size:,}", f"{each.seconds:.3f}", f"{each.shares:.1f}")
            for each in found[:_SHOWN]
        ]
        return markdown(("hostile text", "messages", "bytes", "seconds", "shares"), rows)

    def service(self, folder: Path) -> None:
        """Start, single messages, memory, known indicators."""
        self._tell("start and memory")
        messages: Any = self._column.slice(0, SINGLES).to_pylist()
        service = measure_service(messages, self._plan.known, folder, self._plan.rounds)
        self._tell("look-ups")
        look_ups = measure_look_ups(self._plan.asked, self._plan.rounds)
        self.data["service"], self.data["look_ups"] = asdict(service), asdict(look_ups)
        least = min(look_ups.hits_per_second, look_ups.misses_per_second)
        rates = f"{look_ups.hits_per_second / 1e6:.2f} / {look_ups.misses_per_second / 1e6:.2f} million/s"
        memory = f"{service.memory_with_known:.0f} MB ({service.memory:.0f} MB without)"
        load = f"{service.load:.2f} s ({service.load_cpu:.2f} s of processor time)"
        self._find("Detector.load(), fresh process", load, "< 1 s", holds=service.load < 1)
        self._find("assess, half are faster", f"{service.half:.2f} ms")
        slowest = f"{service.slowest:.2f} ms ({service.slowest_cpu:.2f} ms of processor time)"
        self._find("assess, 99 of 100 are faster", slowest, "< 2 ms", holds=service.slowest < 2)
        known = f"memory with {self._plan.known:,} known indicators"
        self._find(known, memory, "< 600 MB", holds=service.memory_with_known < 600)
        asked = f"look-ups among {self._plan.asked:,}, known / unknown"
        self._find(asked, rates, "≥ 1 million/s", holds=least >= 1e6)

    def workers(self, folder: Path) -> None:
        """Two processes beside one, and the scan with both."""
        self._tell("workers")
        path = folder / "messages.parquet"
        write_messages(self._column, path)
        one, two = measure_workers(path, (1, 2), self._plan.rounds)
        ratio = two.per_second / one.per_second
        self.data["workers"] = [asdict(one), asdict(two)]
        rates = f"{ratio:.2f} ({one.per_second:,.0f} → {two.per_second:,.0f} messages/s on the wall)"
        self._find("two processes over one", rates, "≥ 1.8", holds=ratio >= 1.8)
        for count in ("1", "2"):
            self._scan(path, folder, "--workers", count)

    def spark(self, folder: Path) -> None:
        """What Spark adds to the same scan."""
        path = folder / "messages.parquet"
        write_messages(self._column, path)
        local = self._scan(path, folder, "--engine", "local")
        spark = self._scan(path, folder, "--engine", "spark")
        self._find("Spark over the local engine", f"{spark - local:+.1f} s")

    def summary(self) -> str:
        """All findings beside what is wanted."""
        self.data["findings"] = [asdict(each) for each in self.findings]
        marks = {None: "–", True: "yes", False: "**no**"}
        rows = [(each.what, each.figure, each.wanted, marks[each.holds]) for each in self.findings]
        return markdown(("what", "measured", "wanted", "met"), rows)

    def _scan(self, path: Path, folder: Path, *arguments: str) -> float:
        self._tell(f"scan {' '.join(arguments)}")
        scan = measure_scan(self._plan.scan, path, folder / "out.parquet", arguments)
        self.data.setdefault("scans", []).append(asdict(scan))
        rate = scan.messages / scan.seconds
        self._find(f"tocsin scan {scan.arguments}", f"{scan.seconds:.1f} s, start included ({rate:,.0f} messages/s)")
        return scan.seconds

    def _find(self, what: str, figure: str, wanted: str = "–", *, holds: bool | None = None) -> None:
        self.findings.append(Finding(what, figure, wanted, holds))

    def _share(self) -> Share:
        return Share.of(self._detector, self._column.slice(0, _ORDINARY))


def run_fuzz(count: int, data: Path | None, tell: Tell, seed: int = SEED) -> Fuzzed:
    """Try so many messages. Raises what `fuzz` raises, CorpusError or OSError where there is nothing to mutate."""
    reference, detector = Reference.read(data), Detector.load()
    share = Share.of(detector, reference.messages(_ORDINARY))
    return fuzz(detector, Fuzzer(reference.texts, seed), count, share, tell)


def fuzz_text(done: Fuzzed) -> str:
    """What was tried, in a line."""
    return (
        f"{done.messages:,} messages ({done.size / 1e6:,.0f} MB, {done.flagged:,} flagged) without a crash, a stall or "
        f"a broken rule; dearest batch {done.worst:.1f} shares; {done.seconds:,.0f} s of the engine, seed {done.seed}"
    )


def _processor() -> str:
    """What the processor calls itself."""
    if _CPU.exists():
        for line in _CPU.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()
