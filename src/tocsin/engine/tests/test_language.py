"""language_batch: scripts, telling letters and common words."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.engine import language
from tocsin.engine.fold import fold_batch, fold_text
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


def counted_latin(letters: str) -> str:
    """The language with most common words, of a text of nothing but Latin letters and spaces."""
    votes = dict.fromkeys(sorted(language._WORDS), 0)
    for word in letters.split():
        owners = [code for code, words in language._WORDS.items() if word in words.split()]
        if len(owners) == 1:
            votes[owners[0]] += 1
    best = max(votes, key=lambda code: votes[code])
    return "en" if votes["en"] == votes[best] else best


def counted(folded: str) -> str:
    """The language as the module describes it, counted slowly, of a text that is folded already."""
    ranges = [(first, last, script) for first, last, script in language._RANGES]
    scripts = [
        next((script for first, last, script in reversed(ranges) if first <= ord(char) <= last and char not in "×÷"), 0)
        for char in folded
    ]
    shares = {
        script: scripts.count(script) * (4 if script in (language._HAN, language._KANA, language._HANGUL) else 1)
        for script in sorted(set(scripts) - {0})
    }
    main = max(shares, key=lambda script: shares[script], default=0)

    def gives_away(number: int, every: int) -> bool:
        letters = next(letters for letters, value in language._TELLING.items() if value == number)
        return sum(char in letters for char in folded) * every > shares[main]

    if sum(script > 0 for script in scripts) < 2:
        return "und"
    if main in (language._HAN, language._KANA):
        return "ja" if scripts.count(language._KANA) * 8 > scripts.count(language._HAN) else "zh"
    telling = {
        language._CYRILLIC: (("uk", language._UKRAINIAN, 25),),
        language._ARABIC: (("ur", language._URDU, 25), ("fa", language._PERSIAN, 25)),
        language._LATIN: (("vi", language._VIET, 20),),
    }
    for code, number, every in telling.get(main, ()):
        if gives_away(number, every):
            return code
    if main != language._LATIN:
        return {language._CYRILLIC: "ru", language._ARABIC: "ar", **language._BY_SCRIPT}[main]
    return counted_latin("".join(char if script == main else " " for char, script in zip(folded, scripts, strict=True)))


@settings(max_examples=300)
@given(
    st.one_of(
        st.text(max_size=30),
        st.text(alphabet="你かカ한яієґعپٹग ăơabcéא", max_size=30),
        st.lists(st.sampled_from(" ".join(language._WORDS.values()).split()), max_size=9).map(" ".join),
        st.lists(
            st.sampled_from(["the", "los", "para", "ist", "не", "微信", "x1y", "×", "naïve", "bạn"]), max_size=9
        ).map("-".join),
    )
)
def test_it_is_what_its_description_says(text: str) -> None:
    assert languages([text]) == [counted(fold_text(text))]


@given(st.lists(st.text(max_size=30), max_size=6))
def test_each_message_is_judged_by_itself(texts: list[str]) -> None:
    assert languages(texts) == [languages([text])[0] for text in texts]
    assert languages(texts[::-1]) == languages(texts)[::-1]


def test_no_messages_have_no_languages() -> None:
    assert languages([]) == []
