"""Which encoding a text file is in, by a strict rule over its first mebibyte. No statistics beyond counting.

1. A byte-order mark decides (UTF-8, UTF-16, UTF-32).
2. Where half or more of the lines with bytes over 0x7F are UTF-8, the file is UTF-8; so is a file of pure ASCII.
3. Else GB18030 or Big5, whichever has more of its two-byte codes in the common-character part of its own code table
   (GB 2312 level 1: rows B0–D7; Big5 level 1: rows A4–C6; symbols count as well), if that is half or more of them and
   nine of ten lines decode. The two tables overlap, but ordinary text of one falls mostly outside the common part of
   the other.
4. Else UTF-8, and the rows that are not UTF-8 are bad rows.
"""

import codecs
import re
from dataclasses import dataclass

_MARKS = (
    (codecs.BOM_UTF8, "utf-8", 1),
    (codecs.BOM_UTF32_LE, "utf-32-le", 4),  # before UTF-16: its mark begins with the one of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be", 4),
    (codecs.BOM_UTF16_LE, "utf-16-le", 2),
    (codecs.BOM_UTF16_BE, "utf-16-be", 2),
)
_HIGH = re.compile(rb"[\x80-\xff]")
# Four-byte codes of GB18030 first, so that their halves are not taken for two-byte codes.
_GB_CODE = re.compile(rb"[\x81-\xfe][\x30-\x39][\x81-\xfe][\x30-\x39]|[\x81-\xfe][\x40-\x7e\x80-\xfe]")
_GB_COMMON = re.compile(rb"[\xa1-\xa3\xb0-\xd7][\xa1-\xfe]")
_BIG5_CODE = re.compile(rb"[\x81-\xfe][\x40-\x7e\xa1-\xfe]")
_BIG5_COMMON = re.compile(rb"[\xa1-\xc6][\x40-\x7e\xa1-\xfe]")


@dataclass(frozen=True, slots=True)
class Encoding:
    """How to read the text of one file.

    codec: Python's name.  unit: bytes of a code unit, to which line ends are aligned.  mark: bytes to skip at the
    start.
    label: for people.
    """

    codec: str
    unit: int
    mark: int
    label: str


def detect(head: bytes, *, complete: bool) -> Encoding:
    """The encoding of a file that begins with ``head``; ``complete`` says that nothing follows it."""
    for mark, codec, unit in _MARKS:
        if head.startswith(mark):
            return Encoding(codec, unit, len(mark), codec.upper() + " (byte-order mark)")
    lines = head.split(b"\n")
    if not complete and len(lines) > 1:
        lines.pop()
    marked = [line for line in lines if _HIGH.search(line)]
    utf8 = Encoding("utf-8", 1, 0, "UTF-8")
    if not marked or _share_decoded(marked, "utf-8") >= 0.5:
        return utf8
    scores = {
        Encoding("gb18030", 1, 0, "GB18030"): _score(marked, "gb18030", _GB_CODE, _GB_COMMON),
        Encoding("cp950", 1, 0, "Big5"): _score(marked, "cp950", _BIG5_CODE, _BIG5_COMMON),
    }
    best = max(scores, key=lambda encoding: scores[encoding])
    return best if scores[best] >= 0.5 else utf8


def _share_decoded(lines: list[bytes], codec: str) -> float:
    return sum(_decodes(line, codec) for line in lines) / len(lines)


def _decodes(line: bytes, codec: str) -> bool:
    try:
        line.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _score(lines: list[bytes], codec: str, code: re.Pattern[bytes], common: re.Pattern[bytes]) -> float:
    """Share of the multi-byte codes that are common characters; 0 where more than one line in ten does not decode."""
    if _share_decoded(lines, codec) < 0.9:
        return 0.0
    codes = [found for line in lines for found in code.findall(line)]
    return sum(common.fullmatch(found) is not None for found in codes) / len(codes) if codes else 0.0
