"""language_batch: scripts, telling letters and common words."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.engine.fold import fold_batch
from tocsin.engine.language import language_batch
from tocsin.engine.text import TextBatch


def languages(texts: list[str]) -> list[str | None]:
    """The language of each message."""
    return language_batch(fold_batch(TextBatch.from_arrow(pa.array(texts, type=pa.string())))).to_pylist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("您的包裹已到，请及时领取", "zh"),
        ("您的帳戶已被凍結", "zh"),
        ("请 download 这个 app", "zh"),
        ("Your parcel is held, pay the fee", "en"),
        ("Ok lor... wat u doing", "en"),
        ("こんにちは、荷物が届きました", "ja"),
        ("東京都の天気は晴れです", "ja"),
        ("안녕하세요 여러분", "ko"),
        ("Привет, как дела", "ru"),
        ("Привіт, як справи, її їжа", "uk"),
        ("مرحبا بك في المتجر", "ar"),
        ("سلام، پیام شما گرفته شد، چرا", "fa"),
        ("สวัสดีครับ", "th"),
        ("Xin chào bạn, tôi không được", "vi"),
        ("Hola, gracias por su compra", "es"),
        ("Você não tem mais uma conta", "pt"),
        ("Bonjour, votre colis est arrivé", "fr"),
        ("Ihre Sendung ist nicht zugestellt", "de"),
        ("Selamat, anda dapat hadiah dari kami", "id"),
        ("नमस्ते दोस्तों", "hi"),
        ("שלום לכולם", "he"),
        ("", "und"),
        ("123 456", "und"),
        ("!!! ❤", "und"),
        ("a", "und"),
    ],
)
def test_it_names_the_language(text: str, expected: str) -> None:
    assert languages([text]) == [expected]


@given(st.lists(st.text(max_size=30), max_size=6))
def test_each_message_is_judged_by_itself(texts: list[str]) -> None:
    assert languages(texts) == [languages([text])[0] for text in texts]
    assert languages(texts[::-1]) == languages(texts)[::-1]


def test_no_messages_have_no_languages() -> None:
    assert languages([]) == []
