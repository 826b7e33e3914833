"""Judging the links and numbers of a batch: what each host is, and whether it fits the brand that the message names.

    findings = judge_links(batch, folded, find_indicators(batch, folded))
    reason_of(findings.item(0))

A message without a link or number costs nothing here, one whose links are all known-good a look-up each. Brand names
are looked for only in messages that have a link to an unknown host or a stranger's number. What is not here: the rules
of resemblance (``resemblance.py``) and the words of a finding (``findings.py``).
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tocsin.engine.detectors import Indicators
from tocsin.engine.fold import fold_batch
from tocsin.engine.links.brands import Brand, Kind, load_brands
from tocsin.engine.links.findings import CODES, STRENGTHS, Code, LinkFindings
from tocsin.engine.links.hosts import anatomy, foreign_letters, host_of, is_address, read_hosts, read_list
from tocsin.engine.links.resemblance import Labels, build_labels, is_odd, resembles
from tocsin.engine.patterns import Automaton, Strength, automaton_for
from tocsin.engine.text import FoldedBatch, TextBatch

_KINDS = pa.array(["url", "domain", "phone"], pa.string())

_MOST_JUDGED = 64
"""Links and numbers of one message that are judged: nobody reads more, and a list of links must not cost a minute."""

_HOSTS_KEPT = 65_536
"""Verdicts on hosts that are remembered: the same links come again and again."""

_LONGEST_SEARCHED = 4_096
"""Folded points of a message in which names are looked for."""

_MOST_NAMED = 1
"""A message that names more organisations compares, lists or reports: it does not say whose its link should be."""

_SIGNATURE = re.compile(r"[【\[]([^】\]]{2,24})[】\]]")
_LEADING_SENDER = re.compile(r" ?(?:[a-z]+ ){0,2}[a-z]* ?[:|–—]| [-–] ")
_LEADING = 8
_USER_INFO = re.compile(r"(?://|^)[^/?#\s]{1,64}@")
_PORT = re.compile(r":(\d{2,5})(?!\d)")
_USUAL_PORTS = frozenset({"80", "443", "8080"})
_FORWARDS = re.compile(r"[?&=](?:https?(?::|%3a)|www\.)|[?&](?:url|redirect|target|goto|u|to|link)=")
_STRANGER = re.compile(r"1[3-9]\d{9}|\+\d{8,15}")


class State(IntEnum):
    """What the tables know of a host."""

    UNKNOWN = 0
    OFFICIAL = 1
    SHARED = 2
    KNOWN = 3
    RESTRICTED = 4
    NEUTRAL = 5
    SHORTENER = 6
    HOSTING = 7


_GOOD = frozenset({State.OFFICIAL, State.KNOWN, State.RESTRICTED})
_BELONGS = frozenset({State.OFFICIAL, State.SHARED, State.NEUTRAL})
"""States of hosts that are their brand's own, if they have one."""


class HostVerdict(NamedTuple):
    """What a host alone says: the state of its entry, its brand or -1, a finding or none, and whether all is said."""

    state: State
    brand: int
    code: Code | None
    strength: Strength
    settled: bool

    @classmethod
    def of(
        cls, state: State, brand: int = -1, code: Code | None = None, strength: Strength = Strength.HINT
    ) -> "HostVerdict":
        """A verdict, settled where the words of the message can add nothing: good, a brand's own, or bad by itself."""
        by_itself = code is not None and (strength is not Strength.HINT or code is Code.ADDRESS)
        return cls(state, brand, code, strength, by_itself or (brand >= 0 and state in _BELONGS))


class Name(NamedTuple):
    """A spelling that is looked for in messages. brand: -1 where it only covers a brand's name inside a longer word."""

    text: str
    brand: int
    ordinary: bool


class Named(NamedTuple):
    """A brand that a message names. signed: as its sender."""

    brand: int
    signed: bool


class LinkTables:
    """Everything loaded: brands, hosts, numbers and names. One may serve many threads at once."""

    def __init__(self, cache_folder: Path | None) -> None:
        table = load_brands()
        self.brands = table.brands
        self.hosts = read_hosts()
        self.labels: Labels = build_labels(self.brands, self.hosts)
        self.entries = _entries(self.brands)
        self.numbers = _numbers(self.brands)
        self.names = _names(self.brands, table.chance_words)
        self.automaton: Automaton = automaton_for([_expression(name.text) for name in self.names], cache_folder)
        self.verdict = lru_cache(maxsize=_HOSTS_KEPT)(self._verdict)

    def _verdict(self, host: str) -> HostVerdict:
        """Judge one host; remembered."""
        if is_address(host):
            return HostVerdict.of(State.UNKNOWN, -1, Code.ADDRESS)
        entry, place = None, host
        while entry is None and place:
            entry = self.entries.get(place)
            place = place.partition(".")[2]
        if entry is None:
            return self._unknown(host)
        return self._listed(host, *entry)

    def _listed(self, host: str, state: State, brand: int) -> HostVerdict:
        calm = {State.OFFICIAL: Code.OFFICIAL, State.KNOWN: Code.KNOWN, State.RESTRICTED: Code.RESTRICTED}.get(state)
        if calm:
            return HostVerdict.of(state, brand, calm, Strength.CALM)
        if state is State.SHORTENER:
            return HostVerdict.of(state, brand, Code.SHORTENER)
        if state is State.HOSTING or (state is State.SHARED and brand < 0):
            found = resembles(anatomy(host), self.labels)
            if found and found.strength is Strength.STRONG:
                return HostVerdict.of(State.UNKNOWN, found.brand, found.code, found.strength)
            return HostVerdict.of(state, brand, Code.HOSTING if state is State.HOSTING else None)
        return HostVerdict.of(state, brand)

    def _unknown(self, host: str) -> HostVerdict:
        parts = anatomy(host)
        if (label := self.labels.exact.get(parts.suffix)) and not label.ordinary:
            return HostVerdict.of(
                State.NEUTRAL, label.brand
            )  # an ending such as .hsbc, which only its owner gives away
        found = resembles(parts, self.labels)
        if found:
            return HostVerdict.of(State.UNKNOWN, found.brand, found.code, found.strength)
        own = self.labels.exact.get(parts.label.replace("-", ""))
        if own and not own.ordinary and not parts.free:
            return HostVerdict.of(
                State.NEUTRAL, own.brand
            )  # paypal.de: very likely theirs, but the table does not know it
        if parts.free:
            return HostVerdict.of(State.HOSTING, -1, Code.HOSTING)
        return HostVerdict.of(State.UNKNOWN, -1, Code.ODD_HOST if is_odd(parts, self.labels) else None)


@dataclass(slots=True)
class _Collected:
    """Findings while they are gathered, one list for each column."""

    rows: list[int] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    strengths: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    brands: list[int] = field(default_factory=list)
    values: list[str] = field(default_factory=list)

    def add(self, item: "_Item", code: Code, strength: Strength, brand: int) -> None:
        """Note one finding of one indicator."""
        self.rows.append(item.row)
        self.codes.append(_CODE_NUMBERS[code])
        self.strengths.append(_STRENGTH_NUMBERS[strength])
        self.places.append(item.place)
        self.brands.append(brand)
        self.values.append(item.shown)


class _Item(NamedTuple):
    """One indicator under judgement. place: its number among all indicators.  shown: the host, or the number."""

    row: int
    place: int
    shown: str
    state: State


_CODE_NUMBERS = {code: number for number, code in enumerate(CODES)}
_STRENGTH_NUMBERS = {strength: number for number, strength in enumerate(STRENGTHS)}


@cache
def load_tables(cache_folder: Path | None = None) -> LinkTables:
    """The bundled tables, read once per process. cache_folder: as for ``patterns.automaton_for``.

    Raises BrandError or HostError where a table has a fault.
    """
    return LinkTables(cache_folder)


def judge_links(
    batch: TextBatch, folded: FoldedBatch, indicators: Indicators, tables: LinkTables | None = None
) -> LinkFindings:
    """Judge every link and phone number of a batch.

    folded and indicators must be those of the batch. tables: the bundled ones if None. Findings come in order, of each
    message for its first `_MOST_JUDGED` links and numbers.
    """
    tables = tables or load_tables()
    chosen = np.flatnonzero(pc.is_in(indicators.kind, value_set=_KINDS).to_numpy(zero_copy_only=False))
    row = indicators.row[chosen]
    chosen = chosen[np.arange(len(chosen)) - np.searchsorted(row, row) < _MOST_JUDGED]
    found = _Collected()
    if len(chosen):
        open_items, linked = _judge_each(batch, indicators, chosen, tables, found)
        if open_items:
            part = _Part.cut(folded, indicators, sorted({item.row for item in open_items}))
            _judge_against_names(part, open_items, linked, tables, found)
    return _as_columns(found, indicators, tables.brands)


def _judge_each(
    batch: TextBatch, indicators: Indicators, chosen: NDArray[np.int64], tables: LinkTables, found: _Collected
) -> tuple[list[_Item], set[tuple[int, int]]]:
    """What each indicator says by itself. Returns those that the message's words may still tell of, and (row, brand) of
    every official link and number."""
    values = indicators.value.take(chosen)
    kinds, plain_values = _strings(indicators.kind.take(chosen)), _strings(values)
    rows = indicators.row[chosen].tolist()
    odd = _written_oddly(batch, indicators, chosen, values).tolist()
    open_items: list[_Item] = []
    linked: set[tuple[int, int]] = set()
    for place, row, kind, value, unusual in zip(chosen.tolist(), rows, kinds, plain_values, odd, strict=True):
        if kind == "phone":
            brand = _judge_number(row, place, value, tables, found, open_items)
        else:
            host, rest = host_of(value)
            verdict = tables.verdict(host)
            brand = verdict.brand
            if verdict.code is not None or not verdict.settled or unusual or rest[:1] == ":" or "@" in value:
                item = _Item(row, place, host, verdict.state)
                said = _of_spelling(_written(batch, indicators, place), verdict) if unusual or "@" in value else None
                if said:
                    found.add(item, *said)
                    continue
                brand = _judge_link(item, rest, verdict, found)
                if not verdict.settled:
                    open_items.append(item)
        if brand >= 0:
            linked.add((row, brand))
    return open_items, linked


def _judge_number(
    row: int, place: int, value: str, tables: LinkTables, found: _Collected, open_items: list[_Item]
) -> int:
    """A service number of the table is known-good; a private one matters if an organisation signed the message."""
    brand = tables.numbers.get(value)
    if brand is not None:
        found.add(_Item(row, place, value, State.UNKNOWN), Code.NUMBER, Strength.CALM, brand)
        return brand
    if _STRANGER.fullmatch(value):
        open_items.append(_Item(row, place, value, State.UNKNOWN))
    return -1


def _judge_link(item: _Item, rest: str, verdict: HostVerdict, found: _Collected) -> int:
    """Findings of one link by itself. Returns the brand that it belongs to, or -1."""
    code, strength = verdict.code, verdict.strength
    if code and not (code is Code.SHORTENER and len(rest) < 2):
        forwards = strength is Strength.CALM and rest and _FORWARDS.search(rest.lower())
        if not forwards:
            found.add(item, code, strength, verdict.brand)
    if rest[:1] == ":" and strength is not Strength.CALM:
        port = _PORT.match(rest)
        if port and port[1] not in _USUAL_PORTS:
            found.add(item, Code.PORT, Strength.HINT, -1)
    return verdict.brand if verdict.state in _BELONGS else -1


def _written_oddly(
    batch: TextBatch, indicators: Indicators, chosen: NDArray[np.int64], values: pa.StringArray
) -> NDArray[np.bool_]:
    """Which indicators stand in the message otherwise than their value says: in length, or with points beyond ASCII."""
    begins = batch.offsets[indicators.row[chosen]] + indicators.start[chosen]
    lengths = (indicators.end[chosen] - indicators.start[chosen]).astype(np.int64)
    bounds = np.cumsum(lengths) - lengths
    places = np.arange(int(lengths.sum())) + np.repeat(begins - bounds, lengths)
    beyond = np.logical_or.reduceat(batch.points[places] > 0x7F, bounds)
    of_value = pc.utf8_length(values).to_numpy(zero_copy_only=False)
    odd: NDArray[np.bool_] = beyond | (lengths != of_value)
    return odd


def _of_spelling(text: str, verdict: HostVerdict) -> tuple[Code, Strength, int] | None:
    """What a link's own spelling in the message says against it, or None."""
    host = (text.partition("//")[2] or text).partition("/")[0]
    if verdict.strength is not Strength.STRONG and foreign_letters(host):
        known = verdict.code is not None and verdict.state in _GOOD
        return Code.HOMOGRAPH, Strength.STRONG if known else Strength.HINT, verdict.brand
    if verdict.strength is not Strength.CALM and _USER_INFO.search(text):
        return Code.USER_INFO, Strength.STRONG, verdict.brand
    return None


def _strings(column: pa.StringArray) -> list[str]:
    """A column without nulls as Python strings."""
    return [value for value in column.to_pylist() if value is not None]


def _written(batch: TextBatch, indicators: Indicators, place: int) -> str:
    begin = int(batch.offsets[indicators.row[place]])
    points = batch.points[begin + int(indicators.start[place]) : begin + int(indicators.end[place])]
    return points.tobytes().decode("utf-32-le")


def _judge_against_names(
    part: "_Part", items: list[_Item], linked: set[tuple[int, int]], tables: LinkTables, found: _Collected
) -> None:
    """Compare what is left open with the brands that the same message names."""
    named = _find_names(part, tables)
    already = {(row, brand) for row, brand in zip(found.rows, found.brands, strict=True) if brand >= 0}
    for item in items:
        brands = named.get(item.row)
        if not brands:
            continue
        number = item.shown[0] == "+" or item.shown.isdigit()
        signed = next((each for each in brands if each.signed), None)
        if signed and (item.row, signed.brand) not in linked | already:
            _judge_signed(item, tables.brands[signed.brand], signed.brand, found, number=number)
        elif not signed and not number and item.state is State.UNKNOWN:
            plain = {each.brand for each in brands}
            wronged = [brand for brand in plain if _may_disagree(tables.brands[brand])]
            if len(plain) <= _MOST_NAMED and wronged and (item.row, wronged[0]) not in linked | already:
                found.add(item, Code.DISAGREES, Strength.HINT, wronged[0])


def _may_disagree(brand: Brand) -> bool:
    """Whether naming a brand beside a stranger's link is a hint. Authorities are named in news of every kind."""
    return brand.guarded and brand.kind is not Kind.GOVERNMENT


def _judge_signed(item: _Item, brand: Brand, index: int, found: _Collected, *, number: bool) -> None:
    """A brand signed, and the link or number is not the brand's."""
    if number:
        if brand.guarded and brand.kind is not Kind.COURIER:
            found.add(item, Code.SENDER_NUMBER, Strength.HINT, index)
    elif item.state in {State.UNKNOWN, State.HOSTING}:
        found.add(item, Code.SENDER_LINK, Strength.STRONG if brand.guarded else Strength.HINT, index)
    elif item.state is State.SHARED and brand.guarded:
        found.add(item, Code.SENDER_LINK, Strength.HINT, index)


@dataclass(frozen=True, slots=True)
class _Part:
    """Some messages of a batch with their links blanked out. rows: their numbers in the batch, ascending.

    Of folded only points and offsets are used: where a name ends in the original is of no interest here.
    """

    rows: list[int]
    folded: FoldedBatch

    @classmethod
    def cut(cls, folded: FoldedBatch, indicators: Indicators, rows: list[int]) -> "_Part":
        """Take the rows, each cut at `_LONGEST_SEARCHED` points."""
        chosen = np.array(rows, dtype=np.int64)
        firsts = folded.offsets[chosen]
        lengths = np.minimum(folded.offsets[chosen + 1] - firsts, _LONGEST_SEARCHED)
        cuts = [slice(first, first + length) for first, length in zip(firsts.tolist(), lengths.tolist(), strict=True)]
        points = np.concatenate([folded.points[cut] for cut in cuts])
        starts = np.concatenate([folded.starts[cut] for cut in cuts])
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        locally = np.zeros(len(folded), dtype=np.int64)
        locally[chosen] = np.arange(1, len(rows) + 1)
        links = locally[indicators.row]
        concerned = np.flatnonzero(links)
        # message and place in it as one ascending number, so that one search finds the ends of all links
        keys = np.repeat(np.arange(1, len(rows) + 1) << 32, lengths) + starts
        begins = np.searchsorted(keys, (links[concerned] << 32) + indicators.start[concerned])
        ends = np.searchsorted(keys, (links[concerned] << 32) + indicators.end[concerned])
        for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
            points[begin:end] = ord(" ")
        return cls(rows, FoldedBatch(points, offsets, starts, starts))

    def text(self, local: int) -> str:
        """The folded text of one of them."""
        begin, end = int(self.folded.offsets[local]), int(self.folded.offsets[local + 1])
        return self.folded.points[begin:end].tobytes().decode("utf-32-le")


def _find_names(part: _Part, tables: LinkTables) -> dict[int, list[Named]]:
    """The brands that the given messages name, by row; a name inside a longer one does not count."""
    hits = tables.automaton.scan(part.folded)
    spans: dict[int, list[tuple[int, int, Name]]] = defaultdict(list)
    for local, number, last in zip(hits.row.tolist(), hits.pattern.tolist(), hits.last.tolist(), strict=True):
        name = tables.names[number]
        spans[local].append((last - len(name.text), last, name))
    return {part.rows[local]: _settle(part.text(local), several) for local, several in spans.items()}


def _settle(text: str, spans: list[tuple[int, int, Name]]) -> list[Named]:
    found = []
    for first, last, name in spans:
        inside = any(a <= first and last <= b and (a, b) != (first, last) for a, b, _ in spans)
        if inside or name.brand < 0:
            continue
        signed = _is_signed(text, name)
        if signed or not name.ordinary:
            found.append(Named(name.brand, signed))
    return found


def _is_signed(text: str, name: Name) -> bool:
    """Whether a name is the sender's: in brackets at either end, or first of all and followed by a colon or a dash."""
    for match in _SIGNATURE.finditer(text):
        at_an_end = match.start() < 3 or match.end() > len(text) - 3
        place = match[1].find(name.text) if at_an_end else -1
        if place == 0 or (place > 0 and not name.ordinary):
            return True
    place = text.find(name.text, 0, _LEADING + len(name.text))
    if place < 0 or name.ordinary:
        return False
    return bool(_LEADING_SENDER.match(text, place + len(name.text), place + len(name.text) + 24))


def _as_columns(found: _Collected, indicators: Indicators, brands: tuple[Brand, ...]) -> LinkFindings:
    places = np.array(found.places, dtype=np.int64)
    order = np.lexsort((np.array(found.codes, dtype=np.int8), places))
    places = places[order]
    return LinkFindings(
        row=np.array(found.rows, dtype=np.int32)[order],
        code=np.array(found.codes, dtype=np.int8)[order],
        strength=np.array(found.strengths, dtype=np.int8)[order],
        start=indicators.start[places],
        end=indicators.end[places],
        brand=np.array(found.brands, dtype=np.int16)[order],
        value=pa.array([found.values[place] for place in order.tolist()], pa.string()),
        brands=brands,
    )


def _entries(brands: tuple[Brand, ...]) -> dict[str, tuple[State, int]]:
    """Every host of the tables and what it is; a host belongs to the longest entry that it ends in."""
    entries: dict[str, tuple[State, int]] = {}
    for name, state in (("known.txt", State.KNOWN), ("shorteners.txt", State.SHORTENER)):
        entries.update(dict.fromkeys(read_list(name), (state, -1)))
    for section in ("hosting", "shortener", "restricted", "neutral", "shared"):
        state = State[section.upper()]
        entries.update(dict.fromkeys(read_hosts()[section], (state, -1)))
    for number, brand in enumerate(brands):
        for domain in brand.domains:
            entries[domain.host] = (State.SHARED if domain.open else State.OFFICIAL, number)
    return entries


def _numbers(brands: tuple[Brand, ...]) -> dict[str, int]:
    """Service number → brand; -1 for published numbers of organisations that are no brand of the table."""
    by_name = {name.text.lower(): number for number, brand in enumerate(brands) for name in brand.names}
    numbers: dict[str, int] = {}
    for line in read_list("numbers.txt"):
        organisation, _, listed = line.partition(" | ")
        numbers.update(dict.fromkeys(listed.split(", "), by_name.get(organisation.lower(), -1)))
    for number, brand in enumerate(brands):
        numbers.update(dict.fromkeys(brand.numbers, number))
    return numbers


def _names(brands: tuple[Brand, ...], chance_words: tuple[str, ...]) -> tuple[Name, ...]:
    """Every spelling to look for, folded like the messages in which it is looked for."""
    raw = [Name(name.text, number, name.ordinary) for number, brand in enumerate(brands) for name in brand.names]
    raw += [Name(word, -1, ordinary=True) for word in chance_words]
    folded = fold_batch(TextBatch.from_arrow(pa.array([name.text for name in raw], pa.string())))
    text = folded.points.tobytes().decode("utf-32-le")
    bounds = folded.offsets.tolist()
    spelled = [name._replace(text=text[bounds[at] : bounds[at + 1]]) for at, name in enumerate(raw)]
    return tuple({name.text: name for name in reversed(spelled)}.values())


def _expression(name: str) -> str:
    """A name as an expression: whole words where it begins or ends with a Latin letter or a digit."""
    before = r"\b" if name[0].isascii() and name[0].isalnum() else ""
    after = r"\b" if name[-1].isascii() and name[-1].isalnum() else ""
    return before + re.escape(name) + after
