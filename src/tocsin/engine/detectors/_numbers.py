"""Runs of digits, and the words around them that say what they are or are not.

A run may be grouped by spaces, dashes, dots and brackets, at most two between two digits; it begins and ends with a
digit. A kernel reads what can be said of a run without its surroundings, so that few of them need a closer look.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numba import types
from numpy.typing import NDArray

from tocsin.engine.detectors._cues import Cue, Shape, read_run, stands_alone
from tocsin.engine.kernels import I64, U32, kernel, several

NUMBERS = Cue(shape=Shape.NUMBER)
"""Where a number begins; for every detector that reads them."""

FILLERS = " :#是为("
"""What may stand between the word that announces a number and the number."""

_FILLERS = tuple(ord(filler) for filler in FILLERS)
_JOINTS = str.maketrans("", "", " -().·–—/")
_FLAGS = types.boolean[::1]
_NOT_A_NUMBER_TO_USE = re.compile(
    r"(?:订单|运单|快递|快件|物流|包裹|单号|流水|编号|工号|文号|案号|证号|货号|型号|票号|合同|受理号|取件码|提货码|核销码|"
    r"验证码|校验码|动态码|密码|口令|批次|条码|余额|金额|价格|原价|积分|身份证号?|学号|车牌|期号|"
    r"order|invoice|tracking|track|ref|reference|parcel|code|otp|pin|case|ticket|serial|isbn|model|version|"
    r"balance|amount|total|claim|po box|box)"
    r"(?: ?(?:号码|号|编码|为|是|no\.?|number|num|id|code|is|#))*[ :#=(「【是为\-]{0,4}$"
)


class Run(NamedTuple):
    """One run of digits: digits without grouping, the text as it stands, span in the haystack."""

    digits: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """All numbers of a haystack, as columns of equal length.

    start, end: span.  count: how many digits.  lead: the first four digits, as a number.  alone: whether it is not
    glued to a Latin word, a decimal or an amount.  luhn: whether its last digit is the check digit of ISO/IEC 7812-1.
    plus: whether a plus is one of the three points before it.  announcer: the last point before it but for up to four
    of `FILLERS`.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    count: NDArray[np.int64]
    lead: NDArray[np.int64]
    alone: NDArray[np.bool_]
    luhn: NDArray[np.bool_]
    plus: NDArray[np.bool_]
    announcer: NDArray[np.int64]

    @classmethod
    def read(cls, points: NDArray[np.uint32], places: NDArray[np.int64]) -> Self:
        """Read the runs that begin at some places of a haystack's points."""
        return cls(places, *_read(points, places))

    def runs(self, text: str, chosen: NDArray[np.bool_]) -> Iterator[Run]:
        """Those that a mask chooses, of the haystack's text."""
        for start, end in zip(self.start[chosen].tolist(), self.end[chosen].tolist(), strict=True):
            written = text[start:end]
            yield Run(written if written.isdigit() else written.translate(_JOINTS), written, start, end)


def is_of_another_kind(before: str) -> bool:
    """Whether the words before a number say that it is an order, a code, an amount or the like."""
    return bool(_NOT_A_NUMBER_TO_USE.search(before[-24:]))


@kernel(several(I64, I64, I64, _FLAGS, _FLAGS, _FLAGS, I64)(U32, I64))
def _read(
    points: NDArray[np.uint32], places: NDArray[np.int64]
) -> tuple[
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.bool_],
    NDArray[np.bool_],
    NDArray[np.bool_],
    NDArray[np.int64],
]:
    """The columns of `Numbers` behind its first."""
    size, one = len(places), np.uint64(1)
    ends, counts, leads = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64)
    announcers = np.zeros(size, np.int64)
    alone, luhn, plus = np.empty(size, np.bool_), np.empty(size, np.bool_), np.zeros(size, np.bool_)
    for k in range(size):
        start = np.uint64(places[k])
        end, counts[k], _ = read_run(points, start, np.uint64(len(points)))
        ends[k], leads[k] = end, 0
        alone[k] = stands_alone(points, np.uint64(0), start, end, np.uint64(len(points)))
        seen, total = 0, 0
        for i in range(start, end):
            if not 48 <= points[i] <= 57:
                continue
            digit = int(points[i]) - 48
            if seen < 4:
                leads[k] = leads[k] * 10 + digit
            if (counts[k] - seen) % 2 == 0:
                digit = digit * 2 - 9 * (digit > 4)
            total += digit
            seen += 1
        luhn[k] = total % 10 == 0
        place, fillers = start, 0
        while place > 0 and fillers < 5:
            place -= one
            announcers[k] = points[place]
            plus[k] |= points[place] == 43 and start - place < 4
            fillers = fillers + 1 if points[place] in _FILLERS else 5
    return ends, counts, leads, alone, luhn, plus, announcers
