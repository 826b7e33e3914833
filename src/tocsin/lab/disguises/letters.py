"""Disguises of Latin letters, Cyrillic letters and digits: other alphabets, other styles, figures for letters."""

import string
from collections.abc import Callable, Iterable
from random import Random

from tocsin.lab.disguises.places import Places, is_ascii_letter, is_ideograph, of_characters, pairs

_LOOKING_LATIN = pairs(
    """
    a аɑα  b ЬƄ  c сϲ  d ԁ  e еҽ  g ɡ  h һ  i іɩι  j јϳ  k кκ  l ӏІ  m м  n пη  o оοօ  p рρ  q ԛ  r г  s ѕ
    t тτ  u υս  v νѵ  w ԝω  x хχ  y уγ  z ᴢ  A АΑ  B ВΒ  C С  E ЕΕ  H НΗ  I ІΙ  J Ј  K КΚ  M МΜ  N Ν  O ОΟ
    P РΡ  S Ѕ  T ТΤ  X ХΧ  Y ΥҮ  Z Ζ
    """
)
_LOOKING_CYRILLIC = pairs(
    """
    а a  е e  о o  р p  с c  у y  х x  і i  к k  А A  В B  Е E  К K  М M  Н H  О O  Р P  С C  Т T  Х X
    """
)
_FIGURES = pairs(
    """
    a 4@  b 8  e 3  g 9  i 1!  l 1|  o 0  s 5$  t 7+  z 2  A 4@  B 8  E 3  I 1!  L 1  O 0  S 5$  T 7  Z 2
    0 oO  1 lI  5 s  8 B  2 z
    """
)
_ACCENTED = pairs(
    """
    a àáâãäå  c ç  e èéêë  i ìíîï  n ñ  o òóôõö  u ùúûü  y ýÿ  A ÀÁÂÄ  E ÈÉÊ  I ÌÍ  O ÒÓÖ  U ÙÚÜ
    """
)
_MARKS = "\u0336\u0335\u0332\u0323\u0307\u0308"  # struck through, underlined, dotted
_DIGIT_STYLES = (
    "⓪①②③④⑤⑥⑦⑧⑨", "⓿❶❷❸❹❺❻❼❽❾", "0⑴⑵⑶⑷⑸⑹⑺⑻⑼", "０１２３４５６７８９", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗", "⁰¹²³⁴⁵⁶⁷⁸⁹",
    "0➀➁➂➃➄➅➆➇➈", "𝟘𝟙𝟚𝟛𝟜𝟝𝟞𝟟𝟠𝟡", "₀₁₂₃₄₅₆₇₈₉",
)  # fmt: skip
_NUMERALS = ("零一二三四五六七八九", "〇一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖", "零壹貳叁肆伍陸柒捌玖")


def in_look_alikes(text: str, random: Random) -> Places:
    """Letters of another alphabet that look the same: Cyrillic and Greek for Latin, Latin for Cyrillic."""
    table = _LOOKING_LATIN | {char: latin for char, latin in _LOOKING_CYRILLIC.items() if _is_russian(text)}
    return of_characters(text, lambda char: random.choice(table[char]) if char in table else None)


def in_other_styles(text: str, random: Random) -> Places:
    """Letters full-width, mathematical, in circles or squares, or as small capitals: ｖｘ, 𝐯𝐱, ⓥⓧ."""
    style = random.choice(_STYLES)
    return of_characters(text, lambda char: style(char) if is_ascii_letter(char) else None)


def with_accents(text: str, random: Random) -> Places:
    """Letters with accents that the word does not have, or with a mark through or below them."""
    mark = random.choice(("", "", *_MARKS))

    def form(char: str) -> str | None:
        if mark:
            return char + mark if is_ascii_letter(char) else None
        return random.choice(_ACCENTED[char]) if char in _ACCENTED else None

    return of_characters(text, form)


def in_figures(text: str, random: Random) -> Places:
    """Figures for letters and letters for figures: cr3d1t, l38OO."""
    return of_characters(text, lambda char: random.choice(_FIGURES[char]) if char in _FIGURES else None)


def in_other_case(text: str, random: Random) -> Places:
    """A capital for a small letter, and the other way round."""
    del random
    return of_characters(text, lambda char: char.swapcase() if char.swapcase() != char else None)


def digits_in_other_styles(text: str, random: Random) -> Places:
    """Digits in circles, brackets, full-width, raised: ①, ⑴, １, ¹."""
    return _digits(text, random.choice(_DIGIT_STYLES))


def digits_as_numerals(text: str, random: Random) -> Places:
    """Digits as Chinese numerals, of daily or of commercial use, where the text is Chinese: 五, 伍."""
    numerals = random.choice(_NUMERALS)
    return _digits(text, numerals) if any(map(is_ideograph, text)) else {}


def digits_as_keys(text: str, random: Random) -> Places:
    """Digits as pictures of keys: 1️⃣."""
    selector = random.choice(("\ufe0f", ""))
    return _digits(text, [f"{digit}{selector}\u20e3" for digit in string.digits])


def _digits(text: str, forms: Iterable[str]) -> Places:
    table = dict(zip(string.digits, forms, strict=True))
    return of_characters(text, lambda char: form if (form := table.get(char, char)) != char else None)


def _is_russian(text: str) -> bool:
    return any("а" <= char <= "я" for char in text)


def _shifted(small: int, capital: int) -> Callable[[str], str]:
    """A style whose alphabets stand in one row at these code points."""
    return lambda char: chr(small + ord(char) - 97 if char.islower() else capital + ord(char) - 65)


_SMALL_CAPITALS = dict(zip("abcdefghijklmnoprstuvwyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", strict=True))
_STYLES: tuple[Callable[[str], str], ...] = (
    _shifted(0xFF41, 0xFF21),  # full-width
    _shifted(0x1D41A, 0x1D400),  # bold
    _shifted(0x1D5BA, 0x1D5A0),  # sans-serif
    _shifted(0x1D68A, 0x1D670),  # monospace
    _shifted(0x24D0, 0x24B6),  # in circles
    _shifted(0x1F130, 0x1F130),  # in squares, which have no small letters
    lambda char: _SMALL_CAPITALS.get(char.lower(), char),
)
