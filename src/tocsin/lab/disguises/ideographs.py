"""Disguises of Chinese characters: by their sound, their look, their parts, their older form.

Which character sounds, looks or splits how is in ``ideographs.txt``, derived by ``scripts/derive_disguise_table.py``.
The traditional forms are those that the engine's own fold knows, read backwards.
"""

from functools import cache
from importlib.resources import files
from random import Random
from typing import NamedTuple

import numpy as np

from tocsin.engine.fold_tables import load_tables
from tocsin.lab.disguises.places import Places, of_characters, of_words, pairs


class _Ideographs(NamedTuple):
    """The table, by character.

    reading: letters and tone, ``xin4``.  alike: characters that look like it.  parts: its left and right part.
    sounding: the characters of a reading, with and without its tone.
    """

    reading: dict[str, str]
    alike: dict[str, str]
    parts: dict[str, str]
    sounding: dict[str, str]


WORDS = pairs(
    """
    微信 wx  支付宝 zfb  银行卡 yhk  身份证 sfz  手机号 sjh  验证码 yzm  信用卡 xyk  红包 hb  兼职 jz  佣金 yj
    贷款 dk  网贷 wd  投资 tz  理财 lc  股票 gp  发票 fp  淘宝 tb  京东 jd  抖音 dy  拼多多 pdd  客服 kf
    提现 tx  充值 cz  转账 zz  刷单 sd  返利 fl  返佣 fy  退款 tk  点赞 dz  公安 ga  警察 jc  银行 yh  视频 sp
    直播 zb  平台 pt  链接 lj  二维码 ewm  电话 dh  联系 lx  公众号 gzh  朋友圈 pyq  账号 zh  密码 mm  代理 dl
    办证 bz  征信 zx  中奖 zj  彩票 cp  赌博 db  约炮 yp  裸聊 ll  色情 sq  毕业证 byz  资料 zl  私聊 sl
    教育 jy  工资 gz  押金 yj  免费 mf  企业 qy  老师 ls  招聘 zp  日结 rj
    """
)
"""Words that senders and chatting people alike write with the initials of their syllables."""

_KANA = pairs(
    """
    口 ロ  力 カ  工 エ  夕 タ  卜 ト  二 ニ  八 ハ  三 ミ  千 チ  一 ー  加 カロ  的 の  入 λ  了 ㄋ  几 ㄇ
    匕 ヒ  不 ㄅ  之 え  丁 丅  与 ヰ
    """
)
_BOPOMOFO = pairs(
    """
    的 ㄉ  吧 ㄅ  了 ㄌ  吗 ㄇ  呢 ㄋ  个 ㄍ  就 ㄐ  是 ㄕ  不 ㄅ  我 ㄨㄛ  你 ㄋㄧ  他 ㄊㄚ  啊 ㄚ  在 ㄗㄞ
    有 ㄧㄡ  给 ㄍㄟ  上 ㄕㄤ  加 ㄐㄧㄚ  微 ㄨㄟ  信 ㄒㄧㄣ  钱 ㄑㄧㄢ  元 ㄩㄢ  群 ㄑㄩㄣ  号 ㄏㄠ
    赚 ㄓㄨㄢ  单 ㄉㄢ  买 ㄇㄞ  卖 ㄇㄞ  看 ㄎㄢ  要 ㄧㄠ
    """
)


def by_sound(text: str, random: Random) -> Places:
    """Another common character of the same sound: 支付宝, 知富保. The tone is kept where any character allows it."""
    table = _table()

    def form(char: str) -> str | None:
        reading = table.reading.get(char, "")
        others = [other for other in table.sounding.get(reading, "") if other != char]
        others = others or [other for other in table.sounding.get(reading.rstrip("1234"), "") if other != char]
        return random.choice(others) if others else None

    return of_characters(text, form)


def by_look(text: str, random: Random) -> Places:
    """Another character of a similar look: 徽 for 微, 拥 for 佣, 曰 for 日."""
    alike = _table().alike
    return of_characters(text, lambda char: random.choice(alike[char]) if char in alike else None)


def in_parts(text: str, random: Random) -> Places:
    """The left and the right half as two characters: 亻言 for 信, 禾口 for 和."""
    del random
    return of_characters(text, _table().parts.get)


def in_latin_letters(text: str, random: Random) -> Places:
    """The reading in Latin letters instead of the character, set off by spaces or not: 支fu宝, 加 wei 信."""
    reading, space = _table().reading, random.choice(("", "", " "))
    return of_characters(
        text, lambda char: f"{space}{reading[char].rstrip('1234')}{space}" if char in reading else None
    )


def by_initials(text: str, random: Random) -> Places:
    """The initials of a known word: zfb for 支付宝, in capitals or not."""
    capitals = random.random() < 0.3
    return of_words(text, {word: short.upper() if capitals else short for word, short in WORDS.items()})


def in_older_form(text: str, random: Random) -> Places:
    """The traditional character: 轉賬."""
    older = _older_forms()
    return of_characters(text, lambda char: random.choice(older[char]) if char in older else None)


def in_other_scripts(text: str, random: Random) -> Places:
    """Kana of the same look, or the sound in bopomofo: カロ for 加, の or ㄉ for 的."""
    table = random.choice((_KANA, _BOPOMOFO, _KANA | _BOPOMOFO))
    return of_characters(text, table.get)


@cache
def _table() -> _Ideographs:
    found = _Ideographs({}, {}, {}, {})
    for line in (files("tocsin.lab") / "disguises" / "ideographs.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        char, reading, alike, parts = line.split("\t")
        for column, value in ((found.reading, reading), (found.alike, alike), (found.parts, parts)):
            if value != "-":
                column[char] = value
        for sound in {reading, reading.rstrip("1234")} - {"-"}:
            found.sounding[sound] = found.sounding.get(sound, "") + char
    return found


@cache
def _older_forms() -> dict[str, str]:
    """Simplified → its traditional characters that are in daily use (Big5's first level)."""
    tables = load_tables()
    found: dict[str, str] = {}
    for code in np.flatnonzero(tables.slot[0x4E00:0xA000]) + 0x4E00:
        entry = int(tables.slot[code])
        target = tables.flat[tables.bounds[entry - 1] : tables.bounds[entry]]
        stored = chr(code).encode("big5", errors="ignore")
        if len(target) == 1 and stored and stored[0] <= 0xC6:
            simplified = chr(int(target[0]))
            found[simplified] = found.get(simplified, "") + chr(code)
    return found
