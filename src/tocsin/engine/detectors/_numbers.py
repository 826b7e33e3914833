"""Runs of digits, and the words around them that say what they are or are not."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tocsin.engine.detectors._haystack import Haystack

# A run may be grouped by spaces, dashes, dots and brackets; it begins and ends with a digit.
_RUN = re.compile(r"\d(?:[ \-().·–—/]{0,2}\d)*")
_NOT_A_NUMBER_TO_USE = re.compile(
    r"(?:订单|运单|快递|快件|物流|包裹|单号|流水|编号|工号|文号|案号|证号|货号|型号|票号|合同|受理号|取件码|提货码|核销码|"
    r"验证码|校验码|动态码|密码|口令|批次|条码|余额|金额|价格|原价|积分|身份证号?|学号|车牌|期号|"
    r"order|invoice|tracking|track|ref|reference|parcel|code|otp|pin|case|ticket|serial|isbn|model|version|"
    r"balance|amount|total|claim|po box|box)"
    r"(?: ?(?:号码|号|编码|为|是|no\.?|number|num|id|code|is|#))*[ :#=(「【是为\-]{0,4}$"
)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of digits: digits without grouping, the text as it stands, span in the haystack."""

    digits: str
    text: str
    start: int
    end: int


def runs(text: Haystack, least: int, most: int) -> Iterator[Run]:
    """Every run of least to most digits that is not part of a longer word."""
    for match in _RUN.finditer(text.lower):
        if match.end() - match.start() < least:
            continue
        digits = re.sub(r"\D", "", match[0])
        if least <= len(digits) <= most and stands_alone(text, match.start(), match.end()):
            yield Run(digits, match[0], match.start(), match.end())


def stands_alone(text: Haystack, start: int, end: int) -> bool:
    """Whether what lies between two positions is not glued to a Latin word, a decimal or an amount."""
    before, after = text.before(start, 2), text.after(end, 2)
    if before and ((before[-1].isascii() and before[-1].isalnum()) or before[-1] in "_$¥£€@#%"):
        return False
    if len(before) == 2 and before[-1] in ".,:" and before[0].isdigit():
        return False
    if after and ((after[0].isascii() and after[0].isalnum()) or after[0] in "_@%"):
        return False
    return not (len(after) == 2 and after[0] in ".,:" and after[1].isdigit())


def is_of_another_kind(text: Haystack, start: int) -> bool:
    """Whether the words before a number say that it is an order, a code, an amount or the like."""
    return bool(_NOT_A_NUMBER_TO_USE.search(text.before(start, 24)))
