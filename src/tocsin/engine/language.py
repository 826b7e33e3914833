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

from tocsin.engine.kernels import COUNT, I64, U8, U32, U64, borrowing_inner, borrowing_kernel, record
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


# Those with common words stand first: only they get votes.
_CODES = [*sorted(_WORDS), "und", "zh", "ja", "ru", "uk", "ar", "fa", "ur", *_BY_SCRIPT.values()]
_VOTES = len(_WORDS)
_UND, _ZH, _JA, _RU, _UK, _AR, _FA, _UR, _EN, _VI = (
    _CODES.index(code) for code in ("und", "zh", "ja", "ru", "uk", "ar", "fa", "ur", "en", "vi")
)
_SLOTS = 1024  # for some 240 words
_FNV_START, _FNV_FACTOR = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)


class _Tables(NamedTuple):
    """script: uint8[0x40000], the script of a point and, from bit 5 on, which language the letter gives away.

    likely: uint8[_SLOTS], whether any word has a first and last letter and a length.  hashes, owners: open addressing
    by the low bits of the hash; 0 is empty; owners are places in _CODES.  codes: place in _CODES of each script.
    """

    script: NDArray[np.uint8]
    likely: NDArray[np.uint8]
    hashes: NDArray[np.uint64]
    owners: NDArray[np.uint8]
    codes: NDArray[np.uint8]


class _Scratch(NamedTuple):
    """Room for the longest message: its signs, where its words begin and end, and one vote for each language."""

    signs: NDArray[np.uint8]
    starts: NDArray[np.uint32]
    ends: NDArray[np.uint32]
    votes: NDArray[np.int64]


_TABLES = record(_Tables, U8, U8, U64, U8, U8)
_SCRATCH = record(_Scratch, U8, U32, U32, I64)


def language_batch(folded: FoldedBatch) -> pa.StringArray:
    """The language of each message, as many as there are messages."""
    longest = int(np.diff(folded.offsets).max(initial=0))
    scratch = _Scratch(
        np.empty(longest, np.uint8),
        np.empty(longest + 1, np.uint32),
        np.empty(longest + 1, np.uint32),
        np.empty(_VOTES + 1, np.int64),
    )
    languages = np.empty(len(folded), np.uint8)
    _name_all(folded.points, folded.offsets, _load(), scratch, languages)
    return pa.array(_CODES, type=pa.string()).take(pa.array(languages, pa.uint8()))


@cache
def _load() -> _Tables:
    script = np.zeros(0x40000, dtype=np.uint8)
    for first, last, value in _RANGES:
        script[first : last + 1] = value
    script[[0xD7, 0xF7]] = _NONE
    # One number for the script, one more for the letter that tells: the high bits hold the second.
    for letters, value in _TELLING.items():
        for letter in letters:
            script[ord(letter)] |= (value - _VIET + 1) << 5
    owners: dict[str, int] = {}
    shared = set()
    for language, words in _WORDS.items():
        for word in set(words.split()):
            shared |= {word} & owners.keys()
            owners[word] = _CODES.index(language)
    tables = _Tables(
        script,
        np.zeros(_SLOTS, dtype=np.uint8),
        np.zeros(_SLOTS, dtype=np.uint64),
        np.zeros(_SLOTS, dtype=np.uint8),
        np.full(_SCRIPTS, _UND, dtype=np.uint8),
    )
    for word in sorted(owners.keys() - shared):
        _keep_word(word, owners[word], tables)
    for number, code in _BY_SCRIPT.items():
        tables.codes[number] = _CODES.index(code)
    return tables


def _keep_word(word: str, owner: int, tables: _Tables) -> None:
    """Put a word where the kernel will look for it."""
    value = _hash_word(word)
    place = value % _SLOTS
    while tables.hashes[place]:
        place = (place + 1) % _SLOTS
    tables.hashes[place], tables.owners[place] = value, owner
    tables.likely[_likely_slot(ord(word[0]), ord(word[-1]), len(word))] = 1


def _hash_word(word: str) -> int:
    """FNV-1a over code points, 64 bits; the kernel computes the same."""
    value = int(_FNV_START)
    for char in word:
        value = ((value ^ ord(char)) * int(_FNV_FACTOR)) & 0xFFFFFFFFFFFFFFFF
    return value


@borrowing_kernel(COUNT(COUNT, COUNT, COUNT))
def _likely_slot(first: int, last: int, length: int) -> int:
    """Where in likely stands whether there is a word of this first and last letter and length."""
    return (first * 29 + last * 7 + length) & (_SLOTS - 1)


@borrowing_inner(COUNT(U8, COUNT), inline=True)
def _count(signs: NDArray[np.uint8], script: int) -> int:
    """The letters of one script."""
    count = 0
    for i in range(len(signs)):
        count += signs[i] & 31 == script
    return count


@borrowing_inner(COUNT(U8, COUNT), inline=True)
def _count_telling(signs: NDArray[np.uint8], language: int) -> int:
    """The letters that give one language away."""
    count = 0
    for i in range(len(signs)):
        count += signs[i] >> 5 == language - _VIET + 1
    return count


@borrowing_inner(COUNT(U8, COUNT))
def _name_arabic(signs: NDArray[np.uint8], letters: int) -> int:
    """The language of a message of so many Arabic letters, by those that others added."""
    if _count_telling(signs, _URDU) * 25 > letters:
        return _UR
    return _FA if _count_telling(signs, _PERSIAN) * 25 > letters else _AR


@borrowing_inner(COUNT(U32, U64, U8), inline=True)
def _owner(word: NDArray[np.uint32], hashes: NDArray[np.uint64], owners: NDArray[np.uint8]) -> int:
    """The language whose common word this is, or _VOTES."""
    value = _FNV_START
    for i in range(len(word)):
        value = (value ^ np.uint64(word[i])) * _FNV_FACTOR
    place = value & np.uint64(_SLOTS - 1)
    while hashes[place]:
        if hashes[place] == value:
            return int(owners[place])
        place = (place + np.uint64(1)) & np.uint64(_SLOTS - 1)
    return _VOTES


@borrowing_inner(COUNT(U8, U32, U32), inline=True)
def _find_words(signs: NDArray[np.uint8], starts: NDArray[np.uint32], ends: NDArray[np.uint32]) -> int:
    """Write where the words of Latin letters begin and end. Returns how many. starts, ends: one longer than signs.

    Written at every letter and kept where it counts: a branch at each end of a word could not be foreseen.
    """
    started, ended, before = np.uint64(0), np.uint64(0), np.uint8(0)
    for i in range(len(signs)):
        inside = np.uint8(signs[i] & 31 == _LATIN)
        starts[started] = ends[ended] = i
        started += np.uint64(inside & ~before)
        ended += np.uint64(before & ~inside)
        before = inside
    ends[ended] = len(signs)
    return int(started)


@borrowing_inner(COUNT(U32, U8, _TABLES, _SCRATCH), inline=True)
def _name_latin(points: NDArray[np.uint32], signs: NDArray[np.uint8], tables: _Tables, scratch: _Scratch) -> int:
    """The language of a Latin message: the one with most common words, English where none has more than it."""
    votes, starts, ends = scratch.votes, scratch.starts, scratch.ends
    likely, hashes, owners = tables.likely, tables.hashes, tables.owners
    for language in range(_VOTES):
        votes[language] = 0
    for k in range(_find_words(signs, starts, ends)):
        start, end = int(starts[k]), int(ends[k])
        if likely[_likely_slot(points[start], points[end - 1], end - start)]:
            votes[_owner(points[start:end], hashes, owners)] += 1
    best, most = _EN, votes[_EN]
    for language in range(_VOTES):
        if votes[language] > most:
            best, most = language, votes[language]
    return best


@borrowing_inner(COUNT(U32, U8, _TABLES, _SCRATCH), inline=True)
def _name(points: NDArray[np.uint32], signs: NDArray[np.uint8], tables: _Tables, scratch: _Scratch) -> int:
    """The language of one message, as a place in _CODES. signs: of its points, from tables.script."""
    seen = np.uint32(0)
    for i in range(len(signs)):
        seen = np.uint32(seen | np.uint32(1) << np.uint32(signs[i] & 31))
    main, most, letters = _NONE, 0, 0
    for script in range(1, _SCRIPTS):
        if seen >> np.uint32(script) & 1:
            count = _count(signs, script)
            letters += count
            count *= _HAN_WEIGHT if script in (_HAN, _KANA, _HANGUL) else 1
            main, most = (script, count) if count > most else (main, most)
    if letters < _LEAST:
        return _UND
    if main in (_HAN, _KANA):
        return _JA if _count(signs, _KANA) * 8 > _count(signs, _HAN) else _ZH
    if main == _CYRILLIC:
        return _UK if _count_telling(signs, _UKRAINIAN) * 25 > most else _RU
    if main == _ARABIC:
        return _name_arabic(signs, most)
    if main == _LATIN:
        return _VI if _count_telling(signs, _VIET) * 20 > most else _name_latin(points, signs, tables, scratch)
    return int(tables.codes[main])


@borrowing_kernel(types.void(U32, I64, _TABLES, _SCRATCH, U8))
def _name_all(points: NDArray[np.uint32], offsets: NDArray[np.int64], tables: _Tables, scratch: _Scratch,
               languages: NDArray[np.uint8]) -> None:  # fmt: skip
    """Write the language of each message, as a place in _CODES."""
    script, signs = tables.script, scratch.signs
    for m in range(len(languages)):
        message = points[offsets[m] : offsets[m + 1]]
        for i in range(len(message)):
            signs[i] = script[message[i]] if message[i] < len(script) else _NONE
        languages[m] = _name(message, signs[: len(message)], tables, scratch)
