"""No message takes more than ten times its share: whatever is repeated a megabyte long, time grows with length only."""

import time
from itertools import cycle, islice

import pyarrow as pa
import pytest

from tocsin.engine.fingerprint import fingerprint_batch
from tocsin.engine.fold import fold_batch
from tocsin.engine.language import language_batch
from tocsin.engine.text import TextBatch

SIZE = 1_000_000  # bytes
# As people write: half of it wants some repair.
ORDINARY = (
    "您好，您的快递已到菜鸟驿站，请凭取件码 12-3-4567 及时领取。",
    "Are we still on for dinner tonight?  I may be a bit late...",
    "加 微 信 领 红 包，名额有限，先到先得！ ❤️ 详询客服",
    "Your parcel is held at the depot, please pay the small fee at post.example/pay today",
)
PATTERNS = {
    "spaces": " ",
    "broken spaces": "a  ",
    "zero width": "\u200b",
    "zero width inside words": "微\u200b信",
    "combining marks": "\u0301",
    "marks on a letter": "a\u0301\u0323\u0302",
    "an opening": "v",
    "a longer opening": "wei x",
    "an opening with a separator": "加 ",
    "a disguise": "加·薇·信 ",
    "digits": "1",
    "spaced digits": "1 ",
    "numerals": "一二三",
    "numerals and digits": "一1",
    "a long expansion": "\ufdfa",
    "a long expansion in a word": "微\ufdfa·",
    "letters": "a",
    "spaced letters": "a b ",
    "dotted letters": "a.",
    "dashed letters and a word": "a-b-c-dd ",
    "split ideographs": "汉 字 ",
    "ideographs and three dots": "汉...汉",
    "two scripts in a word": "аb",
    "another script": "р",
    "look-alike kana": "加カ加",
    "parts of an ideograph": "亻",
    "characters in two parts": "亻言",
    "pictures": "❤️",
    "a sum of repairs": "加·薇·信 １３８ раурal ①❤",
    "jamo": "\u1112\u1161\u11ab",
    "a link": "http://a.b/c?d=1&",
    "a handle": "ab_1 ",
}


def seconds(texts: list[str]) -> tuple[float, int]:
    """Least process time of three runs of all stages here, and the points that were written or folded to."""
    column, least, size = pa.array(texts, type=pa.string()), float("inf"), 0
    for _ in range(3):
        begin = time.process_time()
        batch = TextBatch.from_arrow(column)
        folded = fold_batch(batch)
        fingerprint_batch(folded)
        language_batch(folded)
        least = min(least, time.process_time() - begin)
        size = max(len(batch.points), len(folded.points))
    return least, size


@pytest.fixture(scope="module")
def share() -> float:
    """Seconds for one point of ordinary messages."""
    seconds(list(ORDINARY))
    spent, size = seconds(list(islice(cycle(ORDINARY), SIZE // 100)))
    return spent / size


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS.keys())
def test_a_repeated_pattern_takes_no_more_than_ten_times_its_share(pattern: str, share: float) -> None:
    spent, size = seconds([pattern * (SIZE // len(pattern.encode()))])
    assert spent < 10 * share * size


@pytest.mark.parametrize("end", ["bb", "", "1", " c"])
def test_letters_in_a_row_are_looked_at_once_whatever_ends_them(end: str, share: float) -> None:
    spent, size = seconds(["a." * (SIZE // 2) + end])
    assert spent < 10 * share * size
