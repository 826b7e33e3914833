"""Derives ``engine/tables/fold.npz``: what each code point folds to, which marks compose, which letters look alike.

Sources, none of them copied as a file: the Unicode Character Database as this Python ships it (Unicode licence), the
Unicode confusables (UTS 39, Unicode licence) with the extras of codebox/homoglyph (MIT), OpenCC's TSCharacters
(Apache-2.0) for traditional to simplified, kfcd/chaizi (CC BY 3.0) for characters written as two parts. Run it again
when one of them moves on; the output is byte for byte reproducible with the same Python and the same sources.

    python scripts/derive_fold_tables.py --opencc TSCharacters.txt --confusables DIR --chaizi chaizi-jt.txt
"""

import argparse
import re
import sys
import unicodedata
from pathlib import Path

import numpy as np

OUTPUT = Path(__file__).parent.parent / "src" / "tocsin" / "engine" / "tables" / "fold.npz"
LIMIT = 0x110000

# What the classes mean to the kernels is said in engine/fold.py; the numbers are part of the table's format.
HAN, LATIN, DIGIT, FOREIGN, SPACE, ODD, PLAIN, KANA, LETTER = 1, 2, 3, 4, 5, 6, 7, 8, 9

ODD_SEPARATORS = "·•*_~^`|\\¦‧∙⋅・∼〜"
PLAIN_SEPARATORS = "./-‐‒–—―"
KEPT_SYMBOLS = "°©®"
VISIBLE_FORMATS = {0x600, 0x601, 0x602, 0x603, 0x604, 0x605, 0x6DD, 0x70F, 0x8E2, 0x890, 0x891, 0x110BD, 0x110CD}
INVISIBLE = frozenset(
    [0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x3164, 0xFFA0, 0xFFFC, 0x20E3, 0x20DD, 0x20DE, 0x20DF, 0x20E0]
) | {*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xFFF0, 0xFFFC), *range(0xE0000, 0xE0200)}
# Pictures that stand for a word in Chinese messages. Everything else that is only a picture becomes a space.
WORDS = {
    "➕": "加", "✚": "加", "🞤": "加", "🞣": "加", "✈": "飞机", "🛩": "飞机", "🛫": "飞机", "🐧": "企鹅", "🛰": "卫星",
    "☎": "电话", "📞": "电话", "🆗": "ok", "🆒": "cool", "🆓": "free", "🆕": "new", "🆔": "id", "🆎": "ab", "🅰": "a",
    "🅱": "b", "🅾": "o", "🅿": "p", "🔟": "10", "💯": "100", "🈚": "无", "Ⓜ": "m", "ℹ": "i", "⭕": "o", "∨": "v",
    "⋁": "v", "ς": "σ", "〡": "1", "〢": "2", "〣": "3", "〤": "4", "〥": "5", "〦": "6", "〧": "7", "〨": "8",
    "〩": "9", "㈠": "一", "㈡": "二", "㈢": "三", "㈣": "四", "㈤": "五", "㈥": "六", "㈦": "七", "㈧": "八",
    "㈨": "九", "㈩": "十",
}  # fmt: skip
KEPT_LATIN = [(0xC0, 0x17F), (0x1A0, 0x1A1), (0x1AF, 0x1B0), (0x218, 0x21B), (0x1EA0, 0x1EF9)]
# Letters that pass for Latin ones in lower case although the confusables do not list them.
MORE_LOOK_ALIKES = {
    "к": "k", "м": "m", "т": "t", "в": "b", "н": "h", "и": "u", "п": "n", "κ": "k", "τ": "t", "η": "n", "ӏ": "l",
    "Ӏ": "l",
}  # fmt: skip
# Left and top parts that never stand alone in a text, so that part + rest is one split character.
SPLIT_PARTS = "亻氵扌钅讠纟忄犭艹辶疒衤礻饣刂阝冫宀彳攵灬罒覀卩廴丬"


def main() -> int:
    """Read the sources, derive, write. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--opencc", type=Path, required=True, help="OpenCC's TSCharacters.txt")
    parser.add_argument("--confusables", type=Path, required=True, help="folder with confusables.txt and _extras.txt")
    parser.add_argument("--chaizi", type=Path, required=True, help="kfcd/chaizi's chaizi-jt.txt")
    parser.add_argument("-o", "--output", type=Path, default=OUTPUT)
    options = parser.parse_args()
    prototypes = read_prototypes(options.confusables)
    simplified = read_simplified(options.opencc)
    folded = fold_all(simplified, radicals(prototypes))
    arrays = as_arrays(folded)
    arrays |= look_alikes(prototypes, folded)
    arrays |= compositions(folded, read_splits(options.chaizi))
    arrays["classes"] = classes(arrays)
    arrays["about"] = np.array(
        f"Derived by scripts/derive_fold_tables.py. Unicode {unicodedata.unidata_version} (Unicode licence); "
        "confusables (Unicode licence) and extras of codebox/homoglyph (MIT); OpenCC TSCharacters (Apache-2.0); "
        "kfcd/chaizi (CC BY 3.0)."
    )
    np.savez_compressed(options.output, allow_pickle=False, **arrays)
    print(f"{options.output}: {len(arrays['keys'])} code points fold, {len(arrays['pairs'])} pairs compose")
    return 0


def read_prototypes(folder: Path) -> dict[str, str]:
    """Code point → its prototype, from the confusables and the extras (which may chain once)."""
    line_form = re.compile(r"^([0-9A-Fa-f]+) ;\s*([0-9A-Fa-f ]+?)\s*;")
    found: dict[str, str] = {}
    for name in ("confusables_extras.txt", "confusables.txt"):
        for line in (folder / name).read_text(encoding="utf-8-sig").splitlines():
            if match := line_form.match(line):
                found[chr(int(match[1], 16))] = "".join(chr(int(code, 16)) for code in match[2].split())
    return found


def read_simplified(path: Path) -> dict[str, str]:
    """Traditional → simplified character (the first choice that OpenCC gives)."""
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if "\t" in line)
    return {source: targets.split()[0] for source, targets in rows if len(source) == 1}


def read_splits(path: Path) -> dict[tuple[str, str], str]:
    """(part, rest) → whole, for parts that never stand alone; the more common whole wins (lower code point)."""
    splits: dict[tuple[str, str], str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        whole, *ways = line.split("\t")
        if len(whole) != 1 or not 0x4E00 <= ord(whole) <= 0x9FFF:
            continue
        for way in ways:
            parts = tuple(way.split())
            if len(parts) == 2 and len(parts[0]) == len(parts[1]) == 1 and parts[0] in SPLIT_PARTS:
                held = splits.get((parts[0], parts[1]))
                splits[(parts[0], parts[1])] = min(held, whole) if held else whole
    return splits


def radicals(prototypes: dict[str, str]) -> dict[str, str]:
    """CJK radical signs → the ideograph that they look like."""
    found = {}
    for code in range(0x2E80, 0x2FE0):
        target = prototypes.get(chr(code), "")
        if len(target) == 1 and 0x4E00 <= ord(target) <= 0x9FFF:
            found[chr(code)] = target
    return found


def fold_all(simplified: dict[str, str], signs: dict[str, str]) -> dict[int, str]:
    """Every code point that folds to something else → what it folds to; the fold of a fold is the fold itself."""
    first = {code: fold_once(chr(code), simplified, signs) for code in range(LIMIT) if not 0xD800 <= code < 0xE000}
    result = {}
    for code, once in first.items():
        target, again = once, "".join(first[ord(char)] for char in once)
        while again != target:
            target, again = again, "".join(first[ord(char)] for char in again)
        if target != chr(code):
            result[code] = target
    return result


def fold_once(char: str, simplified: dict[str, str], signs: dict[str, str]) -> str:
    """One round of folding of one character."""
    code = ord(char)
    fixed = WORDS.get(char) or enclosed_number(char) or signs.get(char)
    if fixed or code in INVISIBLE:
        return fixed or ""
    if code >= 0xF0000:  # private planes: nobody's text, and too many to list
        return char
    category = unicodedata.category(char)
    if category in {"Cc", "Cf", "Zs", "Zl", "Zp", "Co", "So"} or 0x1F3FB <= code <= 0x1F3FF:
        return fold_unlettered(char, category)
    return fold_letter(char, simplified)


def fold_unlettered(char: str, category: str) -> str:
    """Controls vanish, white space and pictures become a space, unless NFKC makes text of them."""
    if category == "Cc":
        return " " if char in "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85" else ""
    if category == "Cf":
        return char if ord(char) in VISIBLE_FORMATS else ""
    if letter := enclosed_letter(char):
        return letter
    normal = unicodedata.normalize("NFKC", char)
    if category == "So" and normal == char:
        return char if char in KEPT_SYMBOLS else " "
    return normal.lower() if category == "So" else " "


def fold_letter(char: str, simplified: dict[str, str]) -> str:
    """NFKC, lower case, plain digits, simplified characters, rare accents off."""
    if unicodedata.category(char) == "Nd":
        return str(unicodedata.digit(char))
    if letter := enclosed_letter(char):
        return letter
    normal = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", char).lower())
    normal = "".join(simplified.get(each, each) for each in normal)
    return "".join(bare(each) for each in normal)


def bare(char: str) -> str:
    """The base letter of a Latin letter whose accent no living orthography of the desk's readers needs."""
    code = ord(char)
    if code < 0x180 or any(low <= code <= high for low, high in KEPT_LATIN):
        return char
    base = unicodedata.normalize("NFD", char)[0]
    return base if base.isascii() and base.isalpha() else char


def enclosed_number(char: str) -> str:
    """``5`` for ⑤, ⑸, ⒌, ❺, ➎, ⓹, 🄆; empty for everything else."""
    name = unicodedata.name(char, "")
    if not re.search(r"\b(CIRCLED|PARENTHESIZED|FULL STOP|COMMA)\b", name) or not re.search(
        r"\b(DIGIT|NUMBER)\b", name
    ):
        return ""
    value = unicodedata.numeric(char, -1.0)
    return str(int(value)) if value >= 0 and value == int(value) else ""


def enclosed_letter(char: str) -> str:
    """``a`` for ⒜, 🅐, 🄰, ᴀ; empty for everything else."""
    name = unicodedata.name(char, "")
    match = re.fullmatch(
        r"(?:(?:NEGATIVE )?(?:CIRCLED|SQUARED|PARENTHESIZED|CROSSED NEGATIVE SQUARED) LATIN (?:CAPITAL|SMALL) LETTER"
        r"|LATIN LETTER SMALL CAPITAL) ([A-Z])",
        name,
    )
    return match[1].lower() if match else ""


def as_arrays(folded: dict[int, str]) -> dict[str, np.ndarray]:
    """The fold as sorted keys, bounds into a flat array, and that array."""
    keys = np.array(sorted(folded), dtype=np.uint32)
    targets = [folded[int(key)] for key in keys]
    bounds = np.zeros(len(keys) + 1, dtype=np.uint32)
    np.cumsum([len(target) for target in targets], out=bounds[1:])
    flat = np.array([ord(char) for target in targets for char in target], dtype=np.uint32)
    capitals = [code for code in range(LIMIT) if 0x41 <= ord(compatible(code)[:1] or " ") <= 0x5A]
    return {"keys": keys, "bounds": bounds, "flat": flat, "capitals": np.array(capitals, dtype=np.uint32)}


def compatible(code: int) -> str:
    """NFKC of a code point; nothing for a surrogate."""
    return "" if 0xD800 <= code < 0xE000 else unicodedata.normalize("NFKC", chr(code))


def look_alikes(prototypes: dict[str, str], folded: dict[int, str]) -> dict[str, np.ndarray]:
    """Letters of other scripts → the ASCII letter, and kana → the ideograph, that they look like."""
    latin: dict[int, int] = {}
    for char, prototype in prototypes.items():
        target = prototype.lower()
        if len(target) == 1 and target.isascii() and target.isalpha() and not char.isascii() and char.isalpha():
            latin[ord(char)] = ord(target)
    latin |= {ord(char): ord(letter) for char, letter in MORE_LOOK_ALIKES.items()}
    latin = {code: letter for code, letter in latin.items() if folded.get(code, chr(code)) != chr(letter)}
    for code in range(0x80, LIMIT):  # an upper-case letter without a look-alike is judged by its lower case
        lower = folded.get(code, "")
        if code not in latin and len(lower) == 1 and ord(lower) in latin:
            latin[code] = latin[ord(lower)]
    han: dict[int, int] = {}
    by_prototype: dict[str, int] = {}
    for code in range(0x4E00, 0xA000):
        by_prototype.setdefault(prototypes.get(chr(code), chr(code)), code)
    for code in (*range(0x30A1, 0x30FB), 0x30FC, *range(0x3105, 0x3130)):
        ideograph = by_prototype.get(prototypes.get(chr(code), chr(code)))
        if ideograph is not None and chr(ideograph) not in "丅冂匚":
            han[code] = ord(folded.get(ideograph, chr(ideograph)))
    return {
        "latin_keys": np.array(sorted(latin), dtype=np.uint32),
        "latin_values": np.array([latin[key] for key in sorted(latin)], dtype=np.uint32),
        "han_keys": np.array(sorted(han), dtype=np.uint32),
        "han_values": np.array([han[key] for key in sorted(han)], dtype=np.uint32),
    }


def compositions(folded: dict[int, str], splits: dict[tuple[str, str], str]) -> dict[str, np.ndarray]:
    """(base, mark) → composed letter as NFC makes it, and (part, rest) → whole character, both folded."""
    marks = [
        chr(code) for code in range(LIMIT) if not 0xD800 <= code < 0xE000 and unicodedata.category(chr(code))[0] == "M"
    ]
    joiners = [m for m in marks if ord(m) not in folded]
    wholes = [
        c for c in map(chr, range(0xA0, 0x30000)) if not "가" <= c <= "힣" and len(unicodedata.normalize("NFD", c)) > 1
    ]
    bases = sorted({unicodedata.normalize("NFC", unicodedata.normalize("NFD", w)[:n]) for w in wholes for n in (1, 2)})
    bases = [base for base in bases if len(base) == 1 and (ord(base) < 0xD800 or ord(base) >= 0xE000)]
    used = {part for whole in wholes for part in unicodedata.normalize("NFD", whole)[1:]}
    pairs: dict[tuple[int, int], int] = {}
    for base in bases:
        for mark in joiners:
            if (
                mark in used
                and len(whole := unicodedata.normalize("NFC", base + mark)) == 1
                and ord(base) not in folded
            ):
                target = folded.get(ord(whole), whole)
                if len(target) == 1:
                    pairs[(ord(base), ord(mark))] = ord(target)
    for (part, rest), whole in splits.items():
        folded_rest = folded.get(ord(rest), rest)
        pairs.setdefault((ord(part), ord(folded_rest)), ord(folded.get(ord(whole), whole)))
    ordered = sorted(pairs)
    dropped = [
        ord(m)
        for m in joiners
        if re.match("COMBINING|MUSICAL SYMBOL COMBINING", unicodedata.name(m, "")) and not 0x3000 <= ord(m) < 0x3100
    ]
    return {
        "pairs": np.array([first << 32 | second for first, second in ordered], dtype=np.uint64),
        "pair_values": np.array([pairs[pair] for pair in ordered], dtype=np.uint32),
        "dropped_marks": np.array(dropped, dtype=np.uint32),
    }


def classes(arrays: dict[str, np.ndarray]) -> np.ndarray:
    """A class for each code point, as run lengths: rows of (first code point, class)."""
    foreign = set(arrays["latin_keys"].tolist())
    rows: list[tuple[int, int]] = []
    for code in range(LIMIT):
        kind = class_of(code, foreign)
        if not rows or rows[-1][1] != kind:
            rows.append((code, kind))
    return np.array(rows, dtype=np.uint32)


def class_of(code: int, foreign: set[int]) -> int:
    """The class of one (folded) code point."""
    char = chr(code)
    fixed = {" ": SPACE, **dict.fromkeys(ODD_SEPARATORS, ODD), **dict.fromkeys(PLAIN_SEPARATORS, PLAIN)}
    if char in fixed:
        return fixed[char]
    if 0x3400 <= code <= 0x9FFF or 0x20000 <= code <= 0x3FFFF or 0xF900 <= code <= 0xFAFF or char in "〇々":
        return HAN
    if 0x3040 <= code <= 0x30FF or 0x31F0 <= code <= 0x31FF:
        return KANA
    if char.isascii():
        return LATIN if "a" <= char <= "z" else DIGIT if char.isdigit() else 0
    if unicodedata.category(char)[0] in "LM":
        return letter_class(char, code in foreign)
    return 0


def letter_class(char: str, looks_latin: bool) -> int:  # noqa: FBT001 - a plain fact about the letter
    """FOREIGN for letters of other scripts and for Latin oddities that look like ASCII, LETTER for accented Latin."""
    return FOREIGN if looks_latin or not unicodedata.name(char, "").startswith("LATIN") else LETTER


if __name__ == "__main__":
    sys.exit(main())
