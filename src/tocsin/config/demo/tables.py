"""The table of found campaigns, aligned also where characters are two columns wide."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin.config.demo.town import TOWN_TIME
from tocsin.engine.harms import HARM_NAMES, Harm

HEAD = ("类型 harm", "份数 copies", "首见 first seen", "末见 last seen", "摘录 excerpt")
EXCERPT_COLUMNS = 44
_GAP = "  "
_INVISIBLE = {"Cf", "Mn", "Me"}
_WIDE = {"W", "F"}


@dataclass(frozen=True, slots=True)
class Found:
    """A campaign in the stream. harm: what the engine found.  copies: of it in the stream.  text: of the first copy."""

    harm: Harm
    copies: int
    first: datetime
    last: datetime
    text: str


def columns_of(text: str) -> int:
    """How many columns a text takes in a terminal (Unicode Standard Annex 11; ambiguous characters count as narrow)."""
    return sum(_width(character) for character in text)


def fit(text: str, columns: int) -> str:
    """The text on one line in exactly so many columns: cut with an ellipsis, or filled with spaces."""
    clean = "".join(character for character in " ".join(text.split()) if _is_shown(character))
    if columns_of(clean) > columns:
        kept, used = "", 0
        for character in clean:
            used += _width(character)
            if used > columns - 1:
                break
            kept += character
        clean = f"{kept}…"
    return clean + " " * (columns - columns_of(clean))


def render(found: Sequence[Found]) -> list[str]:
    """The lines of the table, largest campaign first."""
    ordered = sorted(found, key=lambda each: (-each.copies, each.first))
    rows = [HEAD, *(_row(each) for each in ordered)]
    widths = [max(columns_of(row[place]) for row in rows) for place in range(len(HEAD) - 1)]
    return [_line(row, widths) for row in rows]


def _row(each: Found) -> tuple[str, ...]:
    first, last = (f"{moment.astimezone(TOWN_TIME):%m-%d %H:%M}" for moment in (each.first, each.last))
    return f"{HARM_NAMES[each.harm].zh} {each.harm.value}", str(each.copies), first, last, each.text


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    harm, copies, first, last, text = row
    cells = [
        fit(harm, widths[0]),
        " " * (widths[1] - columns_of(copies)) + copies,
        fit(first, widths[2]),
        fit(last, widths[3]),
        fit(text, EXCERPT_COLUMNS).rstrip(),
    ]
    return _GAP.join(cells)


def _is_shown(character: str) -> bool:
    return character.isprintable() and unicodedata.category(character) not in _INVISIBLE


def _width(character: str) -> int:
    if not _is_shown(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1
