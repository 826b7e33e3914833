"""Derives ``lab/disguises/ideographs.txt``: how each common ideograph sounds, what looks like it, how it splits.

Sources, none of them copied as a file: the common characters are those of GB 2312's first level, as this Python's codec
has them; readings from mozillazg/pinyin-data (MIT); parts from kfcd/chaizi (CC BY 3.0); structure and strokes from
contr4l/SimilarCharacter (MIT). The output is byte for byte reproducible from the same sources.

    python scripts/derive_disguise_table.py --tables DIR
"""

import argparse
import re
import sys
import unicodedata
from pathlib import Path

OUTPUT = Path(__file__).parent.parent / "src" / "tocsin" / "lab" / "disguises" / "ideographs.txt"
HEADER = """\
# Derived by scripts/derive_disguise_table.py from mozillazg/pinyin-data (MIT), kfcd/chaizi (CC BY 3.0, changed: reduced
# to one split each) and contr4l/SimilarCharacter (MIT). Common ideographs (GB 2312, first level), one a line:
# character, reading with its tone, characters that share its larger part, its left and right part. - for nothing.
"""
MOST_ALIKE = 4
LEAST_SHARED_STROKES = 5
SIDES = "亻氵扌钅讠纟忄犭饣礻衤阝刂攵"
LEFT_TO_RIGHT = "1"
# Their usual reading depends on the word, so that no single one is a disguise that a reader would understand.
SEVERAL_READINGS = "行长重乐调着还得地了"
# What no decomposition into two parts shows: a stroke more or less, a part inside.
NEAR_STROKES = (
    "微徽薇溦", "贷货贸", "款欵歀", "信伩", "卡咔佧", "宝室", "号兮", "单弹", "网冈", "日曰", "己已", "未末", "士土",
    "人入", "天夭", "千干", "毒毐", "大太", "木术", "王玉", "贝见", "今令", "刀力",
    "住往", "帐账", "折拆", "免兔", "鸟乌", "戊戌", "万方", "问间", "代伐", "科料", "处外", "拔拨", "午牛",
)  # fmt: skip


def main() -> int:
    """Read the sources, derive, write. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=Path, required=True, help="folder with the four sources, one folder each")
    parser.add_argument("-o", "--output", type=Path, default=OUTPUT)
    options = parser.parse_args()
    common = common_ideographs()
    readings = read_readings(options.tables / "pinyin_data" / "kMandarin_8105.txt")
    similar = options.tables / "similar_character"
    structure = read_pairs(similar / "结构字典.txt")
    strokes = {char: int(count) for char, count in read_pairs(similar / "笔画数字典（20000字）.txt").items()}
    parts = read_parts(options.tables / "chaizi" / "chaizi-jt.txt")
    splits = {char: parts[char] for char in common if char in parts and structure.get(char) == LEFT_TO_RIGHT}
    alike = look_alikes(common, splits, strokes)
    lines = [
        "\t".join((char, reading(char, readings), "".join(alike.get(char, ())) or "-", "".join(splits.get(char, "-"))))
        for char in common
    ]
    options.output.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{options.output}: {len(lines)} ideographs, {len(splits)} split, {len(alike)} have look-alikes")
    return 0


def common_ideographs() -> list[str]:
    """The 3,755 characters of GB 2312's first level, in its order."""
    found = []
    for high in range(0xB0, 0xD8):
        for low in range(0xA1, 0xFF):
            try:
                found.append(bytes((high, low)).decode("gb2312"))
            except UnicodeDecodeError:
                continue
    return found


def read_readings(path: Path) -> dict[str, str]:
    """Character → its most common reading with accents."""
    rows = (re.match(r"U\+([0-9A-F]+): (\w+)", line) for line in path.read_text(encoding="utf-8").splitlines())
    return {chr(int(row[1], 16)): row[2] for row in rows if row}


def reading(char: str, readings: dict[str, str]) -> str:
    """``xin4`` for 信, without a number for the light tone, ``-`` where no single reading stands for it."""
    accented = unicodedata.normalize("NFD", readings.get(char, ""))
    if not accented or char in SEVERAL_READINGS:
        return "-"
    tones = [mark for mark in accented if mark in "\u0304\u0301\u030c\u0300"]
    letters = accented.replace("u\u0308", "v")
    plain = "".join(letter for letter in letters if letter.isascii())
    return plain + (str("\u0304\u0301\u030c\u0300".index(tones[0]) + 1) if tones else "")


def read_pairs(path: Path) -> dict[str, str]:
    """The rows ``'字':'value',`` of a table written as Python, without running it."""
    return dict(re.findall(r"'(.)':'([^']*)'", path.read_text(encoding="utf-8-sig")))


def read_parts(path: Path) -> dict[str, tuple[str, str]]:
    """Character → its two parts, each one character; of several ways the one that writes the side as a side: 亻言."""
    found: dict[str, tuple[str, str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        char, *ways = line.split("\t")
        pairs = [(way[0], way[2]) for way in ways if len(way) == 3 and way[0] + way[2] == typed(way)]
        if len(char) == 1 and pairs:
            found[char] = next((pair for pair in pairs if pair[0] in SIDES or pair[1] in SIDES), pairs[0])
    return found


def typed(way: str) -> str:
    """What of a way to split people can type: ideographs of GB 2312."""
    return way.replace(" ", "").encode("gb2312", errors="ignore").decode("gb2312")


def look_alikes(
    common: list[str], splits: dict[str, tuple[str, str]], strokes: dict[str, int]
) -> dict[str, tuple[str, ...]]:
    """Character → characters that share its larger part, or are that part, or differ by a stroke."""
    by_part: dict[str, list[str]] = {}
    for char, parts in splits.items():
        left, right = (strokes.get(part, 0) for part in parts)
        shared = parts[0] if left > right else parts[1]
        if max(left, right) >= LEAST_SHARED_STROKES:
            by_part.setdefault(shared, [shared] if shared in common else []).append(char)
    found: dict[str, list[str]] = {}
    for group in (*NEAR_STROKES, *by_part.values()):
        for char in group:
            found.setdefault(char, []).extend(each for each in group if each != char)
    return {char: tuple(dict.fromkeys(each))[:MOST_ALIKE] for char, each in found.items() if char in common and each}


if __name__ == "__main__":
    sys.exit(main())
