"""The table of the stages: from seconds to messages a second, shares and ratios, and how it is written down."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tocsin.lab.bench.clock import Cost
from tocsin.lab.bench.peers import PeerCosts
from tocsin.lab.bench.stages import BARE_SCAN, STAGES, StageCosts

REST: Final = "evidence, reasons, table"
WHOLE: Final = "whole chain"
HEADINGS: Final = (
    "stage", "messages/s", "MB/s", "µs a message", "share of time", "peer", "times the peer", "of the bare scan"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table.

    per_second: messages in a second of processor time.  megabytes: millions of bytes of UTF-8 in one.  micros:
    processor time of a message.  share: of the whole chain, 0 to 1; None for what is no part of it.  peer, faster: the
    library, and how many times its rate ours is; None where there is none.  of_limit: our rate over that of the bare
    scan.
    """

    stage: str
    per_second: float
    megabytes: float
    micros: float
    share: float | None
    peer: str | None
    faster: float | None
    of_limit: float


def table_of(costs: StageCosts, peers: PeerCosts | None) -> list[Line]:
    """A row for each stage, for the rest of the chain, for the whole chain and for the bare scan."""
    seconds = {name: costs.stages[name].cpu for name in STAGES}
    # two runs of the same work never cost the same: where the stages alone cost more, nothing is left
    rest = max(0.0, costs.whole.cpu - sum(seconds.values()))
    return [
        *(_line(costs, name, seconds[name], peers) for name in STAGES),
        _line(costs, REST, rest, None),
        _line(costs, WHOLE, costs.whole.cpu, peers),
        _line(costs, BARE_SCAN, costs.stages[BARE_SCAN].cpu, None),
    ]


def _line(costs: StageCosts, stage: str, seconds: float, peers: PeerCosts | None) -> Line:
    rate = _rate(costs.messages, seconds)
    peer = _peer(stage, peers)
    return Line(
        stage=stage,
        per_second=rate,
        megabytes=_rate(costs.size, seconds) / 1e6,
        micros=seconds / costs.messages * 1e6,
        share=None if stage == BARE_SCAN else seconds / costs.whole.cpu,
        peer=peer[0] if peer else None,
        faster=rate / _rate(peers.messages, peer[1].cpu) if peer and peers else None,
        of_limit=rate / _rate(costs.messages, costs.stages[BARE_SCAN].cpu),
    )


def _peer(stage: str, peers: PeerCosts | None) -> tuple[str, Cost] | None:
    if peers is None:
        return None
    if stage == WHOLE:
        return "all of them", peers.whole
    return (peers.libraries[stage], peers.stages[stage]) if stage in peers.stages else None


def _rate(amount: float, seconds: float) -> float:
    return amount / seconds if seconds > 0 else float("inf")


def table_text(lines: Sequence[Line]) -> str:
    """The table in Markdown."""
    return markdown(HEADINGS, [_cells(line) for line in lines])


def markdown(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table in Markdown whose columns also line up for a reader of plain text."""
    widths = [max(len(row[place]) for row in (headings, *rows)) for place in range(len(headings))]
    body = [headings, tuple("-" * width for width in widths), *rows]
    return "".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |\n" for row in body
    )


def _cells(line: Line) -> tuple[str, ...]:
    return (
        line.stage,
        _number(line.per_second, 0),
        _number(line.megabytes, 1),
        _number(line.micros, 2),
        "–" if line.share is None else f"{line.share:.1%}",
        line.peer or "–",
        _number(line.faster, 1),
        _number(line.of_limit, 2),
    )


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None or value == float("inf") else f"{value:,.{digits}f}"
