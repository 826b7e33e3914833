"""Which language a message is in, from the share of scripts and a few words and letters that give it away.

Good enough to choose patterns and the reader's words; no language identifier. What is not here: translation, dialects.
Codes are ISO 639-1, ``und`` where a message has too few letters to say.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numba import types
from numpy.typing import NDArray

from tocsin.engine.fold import find_key
from tocsin.engine.kernels import I64, U8, U32, U64, kernel, record, several
from tocsin.engine.text import FoldedBatch

# Scripts, as counted by the kernel. VIET: letters that only Vietnamese has. UKRAINIAN, PERSIAN, URDU likewise.
_NONE, _HAN, _KANA, _HANGUL, _CYRILLIC, _ARABIC, _THAI, _LATIN, _DEVANAGARI, _HEBREW, _GREEK = range(11)
_VIET, _UKRAINIAN, _PERSIAN, _URDU, _BENGALI, _TAMIL, _KHMER, _BURMESE, _LAO = range(11, 20)
_SCRIPTS = 20
_RANGES = (
    (0x3400, 0x9FFF, _HAN), (0x20000, 0x3FFFF, _HAN), (0x3041, 0x30FF, _KANA), (0x31F0, 0x31FF, _KANA),
    (0x1100, 0x11FF, _HANGUL), (0xAC00, 0xD7A3, _HANGUL), (0x0400, 0x052F, _CYRILLIC), (0x0620, 0x06D3, _ARABIC),
    (0x0750, 0x077F, _ARABIC), (0x0E01, 0x0E4E, _THAI), (0x61, 0x7A, _LATIN), (0xC0, 0x24F, _LATIN),
    (0x1E00, 0x1EFF, _LATIN), (0x0900, 0x0963, _DEVANAGARI), (0x05D0, 0x05EA, _HEBREW), (0x0370, 0x03FF, _GREEK),
    (0x0980, 0x09FF, _BENGALI), (0x0B80, 0x0BFF, _TAMIL), (0x1780, 0x17D3, _KHMER), (0x1000, 0x109F, _BURMESE),
    (0x0E81, 0x0EDF, _LAO),
)  # fmt: skip
_TELLING = {
    "ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ": _VIET,
    "іїєґ": _UKRAINIAN,
    "پچژگکی": _PERSIAN,
    "ٹڈڑےں": _URDU,
}
# Common words; a word of two languages stands in neither.
_WORDS = {
    "en": "the and you your is are to of for in on this that with have we our will not be can at it my me now please "
    "call free text reply hi hello ok what when how from just get if so do was u ur lor lah going here there",
    "es": "el los las que para por con una del usted su como más pero hola gracias está este esta muy hoy tu",
    "pt": "não você os um uma para com seu sua mais obrigado está são do da em nao voce muito pra hoje",
    "fr": "le les des vous votre est une pour dans avec sur pas qui nous je au bonjour cette merci et",
    "de": "der die das und ist nicht sie ihr ihre ein eine mit für auf von zu haben wir bitte den dem ich",
    "it": "il gli che di per non sono una della questo come più ciao grazie con lo ha scusate anche è",
    "id": "yang dan di untuk dengan anda ini itu dari tidak saya akan kami ada bisa pada kita sudah juga hanya",
    "tr": "bir ve bu için ile size çok değil ne var lütfen olarak daha gibi sizin hesap",
    "nl": "het een van niet voor met zijn jij uw aan ook maar wij naar deze bent heeft",
    "pl": "nie jest się na dla czy jak że oraz proszę pan twój masz przez tylko od",
    "tl": "ang ng mga sa ko ka po ito kung hindi lang naman para ako mo",
    "vi": "và của là không được cho bạn tôi này các một với có trong đã",
}
_BY_SCRIPT = {
    _HANGUL: "ko", _THAI: "th", _DEVANAGARI: "hi", _HEBREW: "he", _GREEK: "el", _BENGALI: "bn", _TAMIL: "ta",
    _KHMER: "km", _BURMESE: "my", _LAO: "lo",
}  # fmt: skip
_LEAST = 2  # letters; below that nothing is said
_HAN_WEIGHT = 4  # an ideograph says about as much as four letters


class _Tables(NamedTuple):
    """script: uint8[0x40000].  hashes, owners: sorted word hashes and the index of their language."""

    script: NDArray[np.uint8]
    hashes: NDArray[np.uint64]
    owners: NDArray[np.int64]


_TABLES = record(_Tables, U8, U64, I64)
_LANGUAGES = sorted(_WORDS)
_VOTES = len(_LANGUAGES)


def language_batch(folded: FoldedBatch) -> pa.StringArray:
    """The language of each message, as many as there are messages."""
    scripts, words = _count(folded.points, folded.offsets, _load())
    return pa.array(_decide(scripts, words).tolist(), type=pa.string())


def _decide(scripts: NDArray[np.int64], words: NDArray[np.int64]) -> NDArray[np.str_]:
    """From counts per message to codes; column operations only."""
    weights = np.ones(_SCRIPTS, dtype=np.int64)
    weights[_HAN] = weights[_HANGUL] = weights[_KANA] = _HAN_WEIGHT
    shares = scripts * weights
    main = np.argmax(shares[:, :_VIET], axis=1)
    rare = np.argmax(shares[:, _BENGALI:], axis=1) + _BENGALI
    main = np.where(shares[np.arange(len(shares)), rare] > shares[np.arange(len(shares)), main], rare, main)
    codes = np.full(len(scripts), "und", dtype="<U3")
    for script, code in _BY_SCRIPT.items():
        codes[main == script] = code
    east = (main == _HAN) | (main == _KANA)
    codes[east] = np.where(scripts[east, _KANA] * 8 > scripts[east, _HAN], "ja", "zh")
    cyrillic = main == _CYRILLIC
    codes[cyrillic] = np.where(scripts[cyrillic, _UKRAINIAN] * 25 > scripts[cyrillic, _CYRILLIC], "uk", "ru")
    arabic = main == _ARABIC
    codes[arabic] = np.where(scripts[arabic, _PERSIAN] * 25 > scripts[arabic, _ARABIC], "fa", "ar")
    codes[arabic & (scripts[:, _URDU] * 25 > scripts[:, _ARABIC])] = "ur"
    latin = main == _LATIN
    codes[latin] = _latin(scripts[latin], words[latin])
    letters = scripts[:, :_VIET].sum(axis=1) + scripts[:, _BENGALI:].sum(axis=1)
    codes[letters < _LEAST] = "und"
    return codes


def _latin(scripts: NDArray[np.int64], words: NDArray[np.int64]) -> NDArray[np.str_]:
    """Language of Latin messages: the one with most common words, English where none has."""
    best = np.argmax(words, axis=1)
    votes = words[np.arange(len(words)), best]
    english = words[:, _LANGUAGES.index("en")]
    codes: NDArray[np.str_] = np.array(_LANGUAGES, dtype="<U3")[best]
    codes[english >= votes] = "en"
    codes[scripts[:, _VIET] * 20 > scripts[:, _LATIN]] = "vi"
    return codes


@cache
def _load() -> _Tables:
    script = np.zeros(0x40000, dtype=np.uint8)
    for first, last, value in _RANGES:
        script[first : last + 1] = value
    script[[0xD7, 0xF7]] = _NONE
    # One count for the script, one more for the letter that tells: the high bits hold the second.
    for letters, value in _TELLING.items():
        for letter in letters:
            script[ord(letter)] |= (value - _VIET + 1) << 5
    owners: dict[int, int] = {}
    shared = set()
    for index, language in enumerate(_LANGUAGES):
        for word in set(_WORDS[language].split()):
            key = _hash_word(word)
            if key in owners:
                shared.add(key)
            owners[key] = index
    kept = sorted(set(owners) - shared)
    return _Tables(script, np.array(kept, dtype=np.uint64), np.array([owners[key] for key in kept], dtype=np.int64))


def _hash_word(word: str) -> int:
    """FNV-1a over code points, 64 bits; the kernel computes the same."""
    value = 0xCBF29CE484222325
    for char in word:
        value = ((value ^ ord(char)) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


@kernel(several(types.int64[:, ::1], types.int64[:, ::1])(U32, I64, _TABLES))
def _count(points: NDArray[np.uint32], offsets: NDArray[np.int64],
           tables: _Tables) -> tuple[NDArray[np.int64], NDArray[np.int64]]:  # fmt: skip
    """Letters per script and common words per language, for each message."""
    messages = len(offsets) - 1
    scripts, words = np.zeros((messages, _SCRIPTS), np.int64), np.zeros((messages, _VOTES), np.int64)
    for m in range(messages):
        value, length = np.uint64(0xCBF29CE484222325), 0
        for i in range(offsets[m], offsets[m + 1] + 1):
            point = points[i] if i < offsets[m + 1] else np.uint32(32)
            entry = tables.script[point] if point < 0x40000 else np.uint8(0)
            script = entry & 31
            scripts[m, script] += 1
            if entry >> 5:
                scripts[m, _VIET - 1 + (entry >> 5)] += 1
            if script == _LATIN:
                value, length = (value ^ np.uint64(point)) * np.uint64(0x100000001B3), length + 1
                continue
            if length:
                at = find_key(tables.hashes, value)
                if at >= 0:
                    words[m, tables.owners[at]] += 1
            value, length = np.uint64(0xCBF29CE484222325), 0
        scripts[m, _NONE] = 0
    return scripts, words
