"""Makes the sample stream of ``tocsin demo`` from the texts in ``scripts/demo_stream``: the same bytes every time.

    python scripts/make_demo_stream.py            # writes src/tocsin/config/demo/stream.jsonl.gz

Two weeks of about 4,000 messages, a line of JSON each: ``id``, ``text``, ``at`` (ISO 8601), in order of time. Eight
campaigns hide among ordinary traffic; which message belongs to which is told only by ``make_stream``, for the tests.
"""

import argparse
import gzip
import json
import random
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MATERIAL = ROOT / "scripts" / "demo_stream"
TARGET = ROOT / "src" / "tocsin" / "config" / "demo" / "stream.jsonl.gz"

SEED = 20261109
# A Monday, in the time zone of the town.
START = datetime(2026, 11, 9, tzinfo=timezone(timedelta(hours=8)))
DAYS = 14
ORDINARY = 3_530
# How often a text of each file comes again: notices and codes go out in bulk, talk hardly ever repeats.
WEIGHTS = {"zh_notices": 3.0, "zh_adverts": 2.0, "zh_chat": 1.0, "zh_news": 1.0, "en": 1.4}
# How busy each hour of the day is.
HOURS = [2, 1, 1, 1, 1, 2, 5, 9, 14, 16, 16, 15, 13, 11, 13, 14, 14, 15, 16, 16, 15, 13, 9, 5]

_SLOT = re.compile(r"\{([^{}]+)\}")
_ZERO_WIDTH = "\u200b"
_SEPARATORS = ("·", ".", " ", "-", "*")
_WIDE_DIGITS = str.maketrans("0123456789", "０１２３４５６７８９")
_MARKS = str.maketrans({"，": " ", "。": " ", "！": "!", "：": ":"})
_RESPELLED = {
    "微信": ("薇信", "V信", "vx", "威信", "徽信"),
    "佣金": ("拥金", "傭金", "佣.金"),
    "返利": ("返俐", "返l利"),
    "刷单": ("唰单", "刷単", "s单"),
    "客服": ("客伏", "愘服"),
    "理赔": ("理陪", "理賠"),
    "转账": ("转帐", "轉账"),
    "医保卡": ("醫保卡", "医葆卡"),
    "股票": ("gu票", "股漂"),
    "微信群": ("微信裙", "V信群"),
    "贷款": ("贷欵", "代款", "貸款"),
    "放款": ("下款", "放欵"),
    "征信": ("徽信", "征.信"),
    "高薪": ("高新", "髙薪"),
}
_DECORATIONS = ("🔥", "💰", "✅", "❗", "⭐", "👉")


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the stream. campaign: key of the campaign it belongs to, None for ordinary traffic."""

    text: str
    at: datetime
    campaign: str | None
    id: str = ""


def make_stream() -> list[Message]:
    """All messages in order of time, numbered from ``m00001``."""
    rng = random.Random(SEED)
    slots = tomllib.loads((MATERIAL / "slots.toml").read_text(encoding="utf-8"))
    campaigns = tomllib.loads((MATERIAL / "campaigns.toml").read_text(encoding="utf-8"))["campaign"]
    messages = list(_ordinary(rng, slots))
    for campaign in campaigns:
        messages += _copies(rng, campaign, slots)
    messages.sort(key=lambda message: (message.at, message.text))
    return [replace(message, id=f"m{number:05}") for number, message in enumerate(messages, start=1)]


def ordinary_texts() -> dict[str, list[str]]:
    """The base texts of ordinary traffic, by file."""
    return {
        path.stem: [
            line.replace("\\n", "\n") for line in path.read_text(encoding="utf-8").splitlines() if line[:1] not in "#"
        ]
        for path in sorted(MATERIAL.glob("*.txt"))
    }


def encode(messages: Iterable[Message]) -> bytes:
    """The stream as gzipped lines of JSON; nothing in it depends on when or where it is made."""
    lines = (
        json.dumps({"id": each.id, "text": each.text, "at": each.at.isoformat()}, ensure_ascii=False)
        for each in messages
    )
    return gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)


def _ordinary(rng: random.Random, slots: Mapping[str, list[str]]) -> Iterator[Message]:
    """Every base text at least once, the rest by weight."""
    weighted = [(text, WEIGHTS[kind]) for kind, texts in ordinary_texts().items() for text in texts]
    texts, weights = [text for text, _ in weighted], [weight for _, weight in weighted]
    drawn = texts + rng.choices(texts, weights, k=ORDINARY - len(texts))
    for text in drawn:
        at = START + timedelta(days=rng.randrange(DAYS), hours=rng.choices(range(24), HOURS)[0])
        at += timedelta(seconds=rng.randrange(3600))
        yield Message(_fill(text, rng, slots, at), at, None)


def _copies(rng: random.Random, campaign: Mapping[str, Any], slots: Mapping[str, list[str]]) -> Iterator[Message]:
    own = {**slots, **campaign["slots"]}
    windows: Sequence[Mapping[str, Any]] = campaign["rhythm"]
    shares = [window["share"] for window in windows]
    for _ in range(campaign["copies"]):
        window = rng.choices(windows, shares)[0]
        first, last = (timedelta(days=window[end][0], hours=window[end][1]) for end in ("from", "to"))
        at = START + first + timedelta(seconds=rng.randrange(int((last - first).total_seconds())))
        text = _fill(rng.choice(campaign["texts"]), rng, own, at)
        yield Message(_disguise(text, rng, campaign["hide"]), at, campaign["key"])


def _fill(text: str, rng: random.Random, slots: Mapping[str, list[str]], at: datetime) -> str:
    """Replace ``{slot}`` and ``{this|that}`` by something drawn."""

    def draw(match: re.Match[str]) -> str:
        inner: str = match[1]
        if "|" in inner:
            return rng.choice(inner.split("|"))
        return _DRAWN[inner](rng, at) if inner in _DRAWN else rng.choice(slots[inner])

    return _SLOT.sub(draw, text)


def _date(rng: random.Random, at: datetime) -> str:
    day = at + timedelta(days=rng.randrange(1, 6))
    return f"{day.month}月{day.day}日"


def _english_date(rng: random.Random, at: datetime) -> str:
    day = at + timedelta(days=rng.randrange(1, 6))
    return f"{day.day} {day:%b}"


def _track(rng: random.Random, _: datetime) -> str:
    return f"{rng.choice(('YC', 'SP', 'FL', 'BC'))}{rng.randrange(10**8, 10**9)}"


def _pick(rng: random.Random, _: datetime) -> str:
    return f"{rng.randrange(1, 30)}-{rng.randrange(1, 9)}-{rng.randrange(1000, 9999)}"


_DRAWN: dict[str, Callable[[random.Random, datetime], str]] = {
    "n": lambda rng, _: str(rng.randrange(2, 10)),
    "n2": lambda rng, _: str(rng.randrange(11, 99)),
    "big": lambda rng, _: str(rng.randrange(80, 420)),
    "sum": lambda rng, _: f"{rng.randrange(1, 9)},{rng.randrange(1, 10)}{rng.randrange(10)}0",
    "money": lambda rng, _: f"{rng.randrange(3, 240)}.{rng.randrange(10)}{rng.randrange(10)}",
    "esum": lambda rng, _: f"£{rng.randrange(4, 95)}.{rng.randrange(10)}0",
    "code": lambda rng, _: f"{rng.randrange(10**6):06}",
    "code4": lambda rng, _: f"{rng.randrange(10**4):04}",
    "tail": lambda rng, _: f"{rng.randrange(10**4):04}",
    "time": lambda rng, _: f"{rng.randrange(7, 22)}:{rng.choice(('00', '15', '30', '45'))}",
    "date": _date,
    "edate": _english_date,
    "track": _track,
    "pick": _pick,
    # An area code that does not exist, and the range that Ofcom keeps for drama.
    "phone": lambda rng, _: f"0100-000-{rng.randrange(1000, 9999)}",
    "ephone": lambda rng, _: f"07700 900{rng.randrange(100, 999)}",
}


def _disguise(text: str, rng: random.Random, hide: Sequence[str]) -> str:
    """What senders do to get past filters; about a third of the copies have nothing done to them."""
    tricks: list[Callable[[str], str]] = [
        lambda each: each,
        lambda each: each,
        lambda each: each.translate(_MARKS) if hide else each.replace(". ", " ~ "),
        lambda each: f"{rng.choice(_DECORATIONS)}{each}{rng.choice(_DECORATIONS)}",
    ]
    words = [word for word in hide if word in text]
    if words:
        tricks += [
            lambda each: _break_up(each, rng.choice(words), rng.choice(_SEPARATORS)),
            lambda each: _break_up(each, rng.choice(words), _ZERO_WIDTH),
            lambda each: _respell(each, rng.choice(words), rng),
            lambda each: each.translate(_WIDE_DIGITS),
        ]
    else:
        tricks += [str.upper, lambda each: each.replace("a", "а", 2)]
    return rng.choice(tricks)(text)


def _break_up(text: str, word: str, separator: str) -> str:
    return text.replace(word, separator.join(word))


def _respell(text: str, word: str, rng: random.Random) -> str:
    return text.replace(word, rng.choice(_RESPELLED[word])) if word in _RESPELLED else text


def main() -> None:
    """Write the stream, or with ``--check`` only say whether the one that is there is the one that would be written."""
    parser = argparse.ArgumentParser(description="Makes the sample stream of `tocsin demo`.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit status 1 where the file differs")
    args = parser.parse_args()
    messages = make_stream()
    if any(first.at > second.at for first, second in pairwise(messages)):
        raise SystemExit("not in order of time")
    data = encode(messages)
    if args.check:
        same = TARGET.exists() and gzip.decompress(TARGET.read_bytes()) == gzip.decompress(data)
        raise SystemExit(0 if same else f"{TARGET} is not what this script makes")
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(data)
    print(f"{TARGET.relative_to(ROOT)}: {len(messages)} messages, {len(data):,} bytes")


if __name__ == "__main__":
    main()
