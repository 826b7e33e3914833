"""Telephone numbers: Chinese mobiles, landlines and service numbers, international ones, US and British ones as typed.

Chinese numbers are given as digits without the country code (13800138000, 02012345678, 4000001234), others in E.164.
"""

import re
from collections.abc import Iterator
from functools import cache

import numpy as np
import phonenumbers
from numpy.typing import NDArray

from tocsin.engine.detectors._cues import Cue, Shape
from tocsin.engine.detectors._haystack import Found, Haystack
from tocsin.engine.detectors._numbers import NUMBERS, Numbers, Run, is_of_another_kind

KINDS = ("phone",)
RANK = 60

_SPELLED = Cue(shape=Shape.SPELLED)
CUES = (NUMBERS, _SPELLED)

_PLUS = re.compile(r"\+ ?\(?\d(?:[ \-().·/]{0,2}\d){6,14}")
_MOBILE = re.compile(r"(?:0086|86)?(1[3-9]\d{9})")
_MOBILE_WITH_LETTERS = re.compile(r"[1il][3-9][ -]?[\doil](?:[ -]?[\doil]){8}")
_SERVICE = re.compile(r"[48]00\d{7}")
_SHORT = re.compile(r"9[56]\d{3,4}|1(?:00\d{2}|2[13]\d{2,3}|010\d|1[0-9])|12\d{3}")
_PORT = re.compile(r"106\d{5,17}")
_WORD_BEFORE = re.compile(
    r"(?:电话|手机|手机号|热线|致电|拨打|来电|座机|专线|短信|客服|联系|咨询|回复|发送|发至|发到|请拨|打|拨|回拨|号码|联系人|"
    r"tel|phone|call|text|txt|ring|dial|contact|mobile|hotline|helpline|sms|"
    r"whatsapp|number|cell|fax|reach (?:me|us)|reply)"
    r"[^\d\n]{0,12}$"
)
_GROUPED = re.compile(r"0\d{2,3}(?:[- ]|\) ?)\d{7,8}|0\d{2,3}[- ]\d{3,4}[- ]\d{4}")
_US = re.compile(r"(?:1[ -.]?)?\(?[2-9]\d{2}\)? ?[ \-.]?\d{3}[ \-.]\d{4}")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_DATE = re.compile(r"(?:19|20)\d{2}[-./ ]\d{1,2}[-./ ]\d{1,2}")


def find(text: Haystack) -> Iterator[Found]:
    """Numbers with a plus first, then runs of digits, then mobiles with letters for digits."""
    yield from _with_plus(text)
    for run in text.numbers.runs(text.lower, _may_be_phones(text.numbers)):
        before = text.before(run.start, 30)
        value = _national(text, run, before)
        if value and not is_of_another_kind(before):
            yield Found("phone", value, *_widen(before, run))
    yield from _with_letters(text)


def _may_be_phones(numbers: Numbers) -> NDArray[np.bool_]:
    """Which numbers have the length and the first digits of any plan that is read here."""
    count, lead = numbers.count, numbers.lead
    short = (count <= 6) & ((lead >= 9500) & (lead < 9700) | (lead >= 1000) & (lead < 1300))
    mobile = (count == 13) & (lead // 100 == 86) | (count == 15) & (lead == 86)
    landline = (count == 12) & (lead < 1000)
    port = (count >= 8) & (count <= 20) & (lead // 10 == 106)
    chosen: NDArray[np.bool_] = numbers.alone & ((count == 10) | (count == 11) | short | mobile | landline | port)
    return chosen


def _with_plus(text: Haystack) -> Iterator[Found]:
    """International numbers, grouped as anyone likes."""
    for start in text.numbers.start[text.numbers.plus & (text.numbers.count >= 7)].tolist():
        plus = text.lower.rfind("+", max(0, start - 3), start)
        match = _PLUS.match(text.lower, plus) if plus >= 0 else None
        if match and match.end() > start and (value := _international(match[0])):
            yield Found("phone", value, match.start(), match.end())


def _with_letters(text: Haystack) -> Iterator[Found]:
    """Mobiles in which some digits are the letters o, i and l."""
    for place in text.places(_SPELLED):
        match = _MOBILE_WITH_LETTERS.match(text.lower, place)
        if not match:
            continue
        letters = sum(char in "oil" for char in match[0])
        around = text.before(match.start(), 1) + text.after(match.end(), 1)
        if 0 < letters <= 6 and not any(char.isascii() and char.isalnum() for char in around):
            digits = re.sub(r"\D", "", match[0].translate(str.maketrans("oil", "011")))
            if _MOBILE.fullmatch(digits):
                yield Found("phone", digits, match.start(), match.end())


def _widen(before: str, run: Run) -> tuple[int, int]:
    """Take in the bracket that opens before an area code."""
    opens = before[-1:] == "(" and ")" in run.text
    return run.start - opens, run.end


def _international(written: str) -> str:
    """E.164, or the digits of a Chinese number; empty for what no plan allows."""
    try:
        number = phonenumbers.parse("+" + re.sub(r"\D", "", written))
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    if number.country_code == 86:
        national = phonenumbers.national_significant_number(number)
        return national if _MOBILE.fullmatch(national) else "0" + national
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _national(text: Haystack, run: Run, before: str) -> str:
    """The normalised number if a run of digits is one, else empty."""
    digits = run.digits
    if digits[0] == "0" and not digits.startswith("0086"):
        return _from_zero(text, run, before)
    if match := _MOBILE.fullmatch(digits):
        return match[1] if _is_grouped_like_a_phone(run.text) else ""
    if _SERVICE.fullmatch(digits):
        return digits if "-" in run.text or _has_word(before) else ""
    if _DATE.match(run.text):
        return ""
    if (_PORT.fullmatch(digits) or _SHORT.fullmatch(run.text)) and _has_word(before):
        return digits
    return _american(run, before)


def _is_grouped_like_a_phone(written: str) -> bool:
    """Chinese mobiles are grouped 3-4-4, all alike, or not at all."""
    return "/" not in written and ("." not in written or written.count(".") > 1)


def _has_word(before: str) -> bool:
    """Whether a word before the run says that it is for calling or texting."""
    return bool(_WORD_BEFORE.search(before[-24:]))


def _from_zero(text: Haystack, run: Run, before: str) -> str:
    """A landline with its area code, if grouped or announced; else a British number, if announced and not Chinese."""
    announced = _has_word(before)
    if run.digits[1] == "0" or not (announced or _GROUPED.fullmatch(run.text)):
        return ""
    after = text.after(run.end, 30)
    chinese = not announced or (not (before.isascii() and after.isascii()) and _HAN.search(before + after))
    if chinese and national_numbers("CN").fullmatch(run.digits, 1):
        return run.digits
    return _british(run) if announced and "." not in run.text else ""


def _american(run: Run, before: str) -> str:
    """A US number in its grouping; E.164."""
    opened = "(" + run.text if before[-1:] == "(" else run.text
    if _US.fullmatch(opened) and ("(" in opened or re.search(r"\d-\d{4}$", opened) or _has_word(before)):
        return "+1" + run.digits[-10:]
    return ""


def _british(run: Run) -> str:
    """A British number; E.164. The metadata do not know the mobile numbers kept for drama."""
    if not 10 <= len(run.digits) <= 11:
        return ""
    mobile = len(run.digits) == 11 and run.digits[1] == "7"
    return "+44" + run.digits[1:] if mobile or national_numbers("GB").fullmatch(run.digits, 1) else ""


@cache
def national_numbers(region: str) -> re.Pattern[str]:
    """Every national number that the numbering plan of a region allows, without the 0 in front."""
    plan = phonenumbers.PhoneMetadata.metadata_for_region(region)
    if plan is None:
        raise ValueError(f"no numbering plan for {region}")
    uses = (plan.fixed_line, plan.mobile, plan.toll_free, plan.premium_rate, plan.shared_cost, plan.voip,
            plan.personal_number, plan.pager, plan.uan, plan.voicemail)  # fmt: skip
    return re.compile("|".join(use.national_number_pattern for use in uses if use and use.national_number_pattern))
