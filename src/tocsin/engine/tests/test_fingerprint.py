"""Fingerprints: stable, blind to what scammers rotate, far apart for different texts."""

import hashlib
import re

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.engine.fingerprint import _ADDENDS, _MULTIPLIERS, bands, decode, encode, fingerprint_batch, similarity
from tocsin.engine.fold import fold_batch, fold_text
from tocsin.engine.fold_tables import FOREIGN, HAN, KANA, LATIN, LETTER, load_tables
from tocsin.engine.text import TextBatch

SCAM = "【某某商城】尊敬的客户，您的会员即将自动扣费800元，取消请联系客服微信abc12345办理退订手续，逾期不候"


def fingerprints(texts: list[str]) -> list[bytes | None]:
    """The fingerprint of each message."""
    return fingerprint_batch(fold_batch(TextBatch.from_arrow(pa.array(texts, type=pa.string())))).to_pylist()


def one(text: str) -> bytes:
    """The fingerprint of a message that has one."""
    found = fingerprints([text])[0]
    assert found is not None
    return found


def test_rotating_numbers_handles_and_links_keep_the_fingerprint() -> None:
    assert one(SCAM) == one(SCAM.replace("abc12345", "zz998877x").replace("800", "1200"))
    link = "Your parcel is held at the depot, please pay the small fee at {} today"
    assert one(link.format("http://a.example/x1")) == one(link.format("https://other-host.example/pay?id=77"))


def test_disguise_and_punctuation_hardly_change_it() -> None:
    disguised = SCAM.replace("微信", "薇❤信").replace("，", " ! ").replace("会员", "會 員")
    assert similarity(one(SCAM), one(disguised)) >= 0.9


def test_a_changed_word_leaves_it_near_and_another_text_does_not() -> None:
    assert 0.5 < similarity(one(SCAM), one(SCAM.replace("自动扣费", "续费扣款"))) < 1
    assert similarity(one(SCAM), one("明天下午三点在学校门口集合，大家带好身份证和水杯，不要迟到")) < 0.1
    english = one("are we still on for dinner tonight at the usual place near the station")
    assert similarity(english, one("the meeting about the budget has moved to the large room upstairs")) < 0.2


def test_near_copies_share_a_band_and_strangers_share_none() -> None:
    near = one(SCAM.replace("逾期不候", "过期作废"))
    assert set(bands(one(SCAM))) & set(bands(near))
    stranger = one("Your parcel is held at the depot, please pay the small fee today")
    assert not set(bands(one(SCAM))) & set(bands(stranger))


def test_bands_fit_a_signed_database_column_and_tell_positions_apart() -> None:
    found = bands(bytes(128))
    assert len(found) == 16 == len(set(found))
    assert all(-(1 << 63) <= value < 1 << 63 for value in found)


def test_short_messages_have_none() -> None:
    assert fingerprints(["", "你好", "abcde", "12345678901", "❤❤❤❤❤❤❤", "1a2b3c"]) == [None] * 6
    assert fingerprints(["请把钱转给我"])[0] is not None


def test_it_is_the_same_on_every_machine() -> None:
    digest = hashlib.sha256(one(SCAM) + repr(bands(one(SCAM))).encode()).hexdigest()
    assert digest == "9df8ca043455ab0eaff9eb58ee0455c412e4393b94765bf697e57381b84403c9"


def written_out(folded: str) -> bytes | None:
    """The fingerprint as the module describes it, step by step and slowly, of a text that is folded already."""
    kinds = [int(load_tables().kind[ord(char)]) for char in folded]
    letters = {HAN, LATIN, LETTER, FOREIGN, KANA}
    chinese = sum(2 * (kind == HAN) - (kind == LATIN) for kind in kinds) > 0
    symbols: list[int] = []
    for run in re.findall(r"[!-~]+|[^!-~]", folded):
        handle = chinese and len(run) >= 5
        if "!" <= run[0] <= "~" and (handle or re.search(r"[0-9@_]|.[./].", run)):
            symbols += [] if symbols[-1:] == [1] else [1]
        else:
            symbols += [ord(char) for char in run if load_tables().kind[ord(char)] in letters]
    if sum(kind in letters for kind in kinds) < 6 or len(symbols) < 3:
        return None
    keys = []
    for width in (3,) if len(symbols) < 16 else (3, 4):
        for first in range(len(symbols) - width + 1):
            gram = 0x9E3779B97F4A7C15
            for symbol in symbols[first : first + width]:
                gram = (gram ^ symbol) * 0xBF58476D1CE4E5B9 % 2**64
                gram ^= gram >> 29
            keys.append(gram >> 32)
    pairs = zip(_MULTIPLIERS.tolist(), _ADDENDS.tolist(), strict=True)
    minima = [min((key * factor + addend) % 2**32 for key in keys) for factor, addend in pairs]
    return b"".join((value % 2**16).to_bytes(2, "little") for value in minima)


@settings(max_examples=200)
@given(
    st.text(
        alphabet=st.one_of(st.sampled_from("微信加我 领取hello.wx/_@1-9，!é가Я"), st.characters(codec="utf-8")),
        max_size=40,
    )
)
def test_it_is_what_its_description_says(text: str) -> None:
    assert fingerprints([text])[0] == written_out(fold_text(text))


@given(st.lists(st.text(max_size=60), max_size=6))
def test_each_message_is_judged_by_itself(texts: list[str]) -> None:
    assert fingerprints(texts) == [fingerprints([text])[0] for text in texts]
    assert fingerprints(texts[::-1]) == fingerprints(texts)[::-1]


@given(st.binary(min_size=128, max_size=128))
def test_writing_and_reading_is_lossless(fingerprint: bytes) -> None:
    text = encode(fingerprint)
    assert len(text) == 171
    assert decode(text) == fingerprint
    assert similarity(fingerprint, fingerprint) == 1.0


@pytest.mark.parametrize("text", ["", "abc", "!" * 171, "é" * 171, "A" * 172, "A" * 170 + "B"])
def test_what_is_not_a_fingerprint_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="fingerprint"):
        decode(text)


def test_wrong_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="128 bytes, not 3"):
        similarity(b"abc", bytes(128))
    with pytest.raises(ValueError, match="128 bytes, not 127"):
        bands(bytes(127))
