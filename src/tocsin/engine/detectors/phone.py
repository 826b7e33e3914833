"""Telephone numbers: Chinese mobiles, landlines and service numbers, international ones, US and British ones as typed.

Chinese numbers are given as digits without the country code (13800138000, 02012345678, 4000001234), others in E.164.
"""

import re
from collections.abc import Iterator

import phonenumbers

from tocsin.engine.detectors._haystack import Found, Haystack
from tocsin.engine.detectors._numbers import Run, is_of_another_kind, runs

KINDS = ("phone",)
RANK = 60

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
_US = re.compile(r"(?:1[ -.]?)?\(?[2-9]\d{2}\)? ?[ \-.]?\d{3}[ \-.]\d{4}")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_DATE = re.compile(r"(?:19|20)\d{2}[-./ ]\d{1,2}[-./ ]\d{1,2}")


def find(text: Haystack) -> Iterator[Found]:
    """Numbers with a plus first, then runs of digits, then mobiles with letters for digits."""
    for match in _PLUS.finditer(text.lower):
        if value := _international(match[0]):
            yield Found("phone", value, match.start(), match.end())
    for run in runs(text, 5, 20):
        value = _national(text, run)
        if value and not is_of_another_kind(text, run.start):
            yield Found("phone", value, *_widen(text, run))
    for match in _MOBILE_WITH_LETTERS.finditer(text.lower):
        letters = sum(char in "oil" for char in match[0])
        around = text.before(match.start(), 1) + text.after(match.end(), 1)
        if 0 < letters <= 6 and not any(char.isascii() and char.isalnum() for char in around):
            digits = re.sub(r"\D", "", match[0].translate(str.maketrans("oil", "011")))
            if _MOBILE.fullmatch(digits):
                yield Found("phone", digits, match.start(), match.end())


def _widen(text: Haystack, run: Run) -> tuple[int, int]:
    """Take in the bracket that opens before an area code."""
    opens = text.before(run.start, 1) == "(" and ")" in run.text
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


def _national(text: Haystack, run: Run) -> str:
    """The normalised number if a run of digits is one, else empty."""
    digits = run.digits
    if match := _MOBILE.fullmatch(digits):
        return match[1] if _is_grouped_like_a_phone(run.text) else ""
    if _SERVICE.fullmatch(digits):
        return digits if "-" in run.text or _has_word(text, run) else ""
    if _DATE.match(run.text):
        return ""
    if _PORT.fullmatch(digits) and _has_word(text, run):
        return digits
    if _SHORT.fullmatch(run.text):
        return digits if _has_word(text, run) else ""
    chinese = _HAN.search(text.before(run.start, 30) + text.after(run.end, 30))
    return (_landline(text, run) if chinese or not _has_word(text, run) else "") or _western(text, run)


def _is_grouped_like_a_phone(written: str) -> bool:
    """Chinese mobiles are grouped 3-4-4, all alike, or not at all."""
    return "/" not in written and ("." not in written or written.count(".") > 1)


def _has_word(text: Haystack, run: Run) -> bool:
    """Whether a word before the run says that it is for calling or texting."""
    return bool(_WORD_BEFORE.search(text.before(run.start, 24)))


def _landline(text: Haystack, run: Run) -> str:
    """A Chinese landline with its area code, if grouped or announced."""
    if not run.digits.startswith("0") or run.digits.startswith("00") or not 10 <= len(run.digits) <= 12:
        return ""
    grouped = re.fullmatch(r"0\d{2,3}(?:[- ]|\) ?)\d{7,8}|0\d{2,3}[- ]\d{3,4}[- ]\d{4}", run.text)
    number = phonenumbers.parse(run.digits, "CN")
    if (grouped or _has_word(text, run)) and phonenumbers.is_valid_number(number):
        return run.digits
    return ""


def _western(text: Haystack, run: Run) -> str:
    """US numbers in their grouping, British ones where a word announces them; E.164."""
    opened = "(" + run.text if text.before(run.start, 1) == "(" else run.text
    if _US.fullmatch(opened) and ("(" in opened or re.search(r"\d-\d{4}$", opened) or _has_word(text, run)):
        return "+1" + run.digits[-10:]
    british = re.fullmatch(r"0[1-9]\d{8,9}", run.digits)
    if british and "." not in run.text and _has_word(text, run):
        number = phonenumbers.parse(run.digits, "GB")
        mobile = re.fullmatch(r"07\d{9}", run.digits)  # the metadata do not know the numbers kept for drama
        return "+44" + run.digits[1:] if mobile or phonenumbers.is_valid_number(number) else ""
    return ""
