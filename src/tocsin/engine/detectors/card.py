"""Payment cards (Luhn, ISO/IEC 7812-1) and bank accounts (announced as such; IBAN by ISO 13616)."""

import re
from collections.abc import Iterator
from datetime import date

import numpy as np
from stdnum import iban, luhn
from stdnum.exceptions import ValidationError

from tocsin.engine.detectors._cues import Cue, Shape
from tocsin.engine.detectors._haystack import Found, Haystack
from tocsin.engine.detectors._numbers import NUMBERS, Run, is_of_another_kind

KINDS = ("card", "bank_account")
RANK = 50

_IBANS = Cue(shape=Shape.ACCOUNT)
CUES = (NUMBERS, _IBANS)

# Issuers: UnionPay, Visa, Mastercard, American Express, JCB, Diners, Discover, and 9 (national).
_ISSUER = re.compile(r"62|4|5[1-5]|2[2-7]|3[47]|35|36|60|6[45]|9[0-9]{3}")
_CARD_WORD = re.compile(
    r"(?:卡号|银行卡|信用卡|储蓄卡|卡|card|账号|账户|打款到|汇款|转账|转到|汇到|收款|存入|visa|mastercard)[^\d\n]{0,10}$"
)
_ACCOUNT_WORD = re.compile(
    r"(?:银行账号|对公账号|对公账户|收款账号|收款账户|汇款账号|账号|账户|户头|"
    r"account(?: ?(?:number|no\.?|num|#))?|a/c(?: ?no\.?)?|acct?(?: ?no\.?)?\.?)[ :#是为(]{0,4}$"
)
_ENDS_ACCOUNT = [ord(letter) for letter in "号户头trmoc."]  # how the words above end
_BANK_NEARBY = re.compile(
    r"银行|开户|户名|支行|对公|汇款|转账|打款|收款人|农行|工行|建行|信用社|"
    r"bank|sort code|swift|transfer|payee|wire|beneficiary|iban"
)
_IBAN = re.compile(r"(?<![a-z0-9])[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){2,7}(?: ?[a-z0-9]{1,4})?(?![a-z0-9])")


def find(text: Haystack) -> Iterator[Found]:
    """Cards, then accounts."""
    numbers = text.numbers
    cards = numbers.luhn & (numbers.count >= 13) & (numbers.count <= 19)
    accounts = (numbers.count >= 8) & (numbers.count <= 25) & np.isin(numbers.announcer, _ENDS_ACCOUNT)
    for run in numbers.runs(text.lower, numbers.alone & (cards | accounts)):
        before = text.before(run.start, 60)
        card = _is_card(run, before)
        if not (card or _is_account(text, run, before)) or "/" in run.text or is_of_another_kind(before):
            continue
        yield Found("card" if card else "bank_account", run.digits, run.start, run.end)
    for place in text.places(_IBANS):
        match = _IBAN.match(text.lower, place)
        if match and (value := _valid_iban(match[0])):
            yield Found("bank_account", value, match.start(), match.end())


def _is_card(run: Run, before: str) -> bool:
    """A check digit, a known issuer, and either the grouping of a card, a word before it, or no other reading."""
    if not 13 <= len(run.digits) <= 19 or not _ISSUER.match(run.digits) or not luhn.is_valid(run.digits):
        return False
    if re.search(r"[.()·]", run.text) or len(set(run.digits)) < 2:
        return False
    if _CARD_WORD.search(before[-24:]) or re.fullmatch(r"\d{4}(?:([ -])\d{4}){2}\1\d{1,7}", run.text):
        return True
    return run.text == run.digits and len(run.digits) in (16, 19) and not is_identity_number(run.digits)


def _is_account(text: Haystack, run: Run, before: str) -> bool:
    """A number that is called an account while a bank is mentioned nearby."""
    if not _ACCOUNT_WORD.search(before[-24:]) or is_identity_number(run.digits):
        return False
    return bool(_BANK_NEARBY.search(before + text.after(run.end, 40)))


def is_identity_number(digits: str) -> bool:
    """Whether 18 digits are a Chinese identity number (GB 11643): a birth date and an ISO 7064 mod 11-2 check digit."""
    if len(digits) != 18:
        return False
    try:
        date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(digits[:17]))
    return "10x98765432"[total % 11] == digits[17]


def _valid_iban(written: str) -> str:
    """The IBAN without spaces, in capitals; empty where length or check digits are wrong."""
    try:
        return str(iban.validate(written, check_country=False)) if len(written.replace(" ", "")) >= 15 else ""
    except ValidationError:
        return ""
