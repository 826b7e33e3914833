"""A text as matching reads it: without links, with handles and hashtags taken apart; and the date that it carries.

Works on the text as it was written, because folding drops the capitals at which ``#BlackLivesMatter`` is cut. Belongs
here: what is peculiar to posts and forwarded messages. Cutting into terms is done in ``terms.py``.
"""

import datetime
import re

LONGEST_TEXT = 100_000
"""Characters of a text that are read; what follows is ignored, so that no text costs more than a bounded time."""

_LINK = re.compile(
    r"(?:https?://|www\.|pic\.twitter\.com/)[^\s\u3000-\u9fff\uff00-\uffef]+"
    # without a scheme; bounded and anchored, so that a long chain of dots is tried only once
    r"|(?<![\w.-])[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}/[^\s\u3000-\u9fff]*",
    re.IGNORECASE | re.ASCII,
)
_TAG = re.compile(r"[#@](\w+)")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[0-9])(?=[A-Za-z])|_")

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_DAY, _YEAR = r"(?P<day>\d{1,2})", r"(?P<year>(?:19|20)\d\d)"
_DATES = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"\b{_MONTH} {_DAY}(?:st|nd|rd|th)?,? {_YEAR}\b",
        rf"\b{_DAY}(?:st|nd|rd|th)? {_MONTH},? {_YEAR}\b",
        rf"(?<!\d){_YEAR}(?:-|/|\.|\s?年\s?)(?P<month>\d{{1,2}})(?:-|/|\.|\s?月\s?){_DAY}(?!\d)",
    )
)


def prepare(text: str) -> str:
    """The text to be folded and cut into terms.

    Links are dropped: they say nothing of a claim and hold many letters. Handles and hashtags are cut at their humps
    (``@realDonaldTrump`` is "real Donald Trump").
    """
    text = text[:LONGEST_TEXT]
    if "/" in text or "www." in text:
        text = _LINK.sub(" ", text)
    if "#" in text or "@" in text:
        text = _TAG.sub(lambda found: f" {_HUMP.sub(' ', found[1])} ", text)
    return text


def date_in(text: str) -> int:
    """The last date that the text names with day, month and year, as a proleptic ordinal; 0 where it names none.

    The last one, because a forwarded post carries its own date at its end.
    """
    best, place = 0, -1
    for form in _DATES:
        for found in form.finditer(text[:LONGEST_TEXT]):
            day = _ordinal(found["year"], found["month"], found["day"])
            if day and found.start() > place:
                best, place = day, found.start()
    return best


def _ordinal(year: str, month: str, day: str) -> int:
    number = int(month) if month.isdigit() else _MONTHS.index(month.lower()) + 1
    try:
        return datetime.date(int(year), number, int(day)).toordinal()
    except ValueError:
        return 0
