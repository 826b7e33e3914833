"""Words as pictures: emoji that a reader says aloud, or that show what is meant."""

from random import Random

from tocsin.lab.disguises.places import Places, of_words, pairs

_CHINESE = pairs(
    """
    加 ➕  微信 💚  飞机 ✈️✈  企鹅 🐧  电话 📞☎️  手机 📱  卡 💳  车 🚗  红包 🧧  钱 💰💵  家 🏠  男 👨  女 👩
    水 💧  鸡 🐔  牛 🐮  马 🐴  龙 🐲  心 ❤️💗  信 ✉️📩  银行 🏦  医院 🏥  学校 🏫  锁 🔒  火 🔥  花 🌸  茶 🍵
    酒 🍺  烟 🚬  药 💊  枪 🔫  刀 🔪  球 ⚽  门 🚪  书 📖  钻 💎  金 💰  美元 💵  月 🌙  夜 🌃  上 ⬆️👆
    下 ⬇️👇  左 ⬅️  右 ➡️  奖 🏆  礼 🎁  看 👀  手 ✋  脚 🦶  找 🔍  快 ⚡  涨 📈  跌 📉  群 👥  鱼 🐟  猪 🐷
    狗 🐶  猫 🐱  宝 💎  货 📦  快递 📦  包裹 📦  赢 🏆  警察 👮  老师 👩‍🏫  图 🖼  照 📷  视频 📹  邮箱 📧
    链接 🔗  网 🌐  元 💴  房 🏠  中 🀄  发 🀅  炮 💣
    """
)
_ENGLISH = pairs(
    """
    money 💰  cash 💵  call 📞  phone 📱  bank 🏦  card 💳  free 🆓  link 🔗  gift 🎁  prize 🏆  winner 🏆
    love ❤️  email 📧  package 📦  parcel 📦  ok 🆗  new 🆕  hot 🔥  house 🏠  car 🚗  police 👮  message 💬
    key 🔑  account 👤
    """
)


def in_pictures(text: str, random: Random) -> Places:
    """A picture instead of a word, in Chinese and in English: ➕💚 for 加微信, 💰 for money."""
    return of_words(text, {word: _drawn(emoji, random) for word, emoji in (_CHINESE | _ENGLISH).items()})


def _drawn(emoji: str, random: Random) -> str:
    """The first of two pictures or the second, each with the points that belong to it."""
    pictures: list[str] = []
    for point in emoji:
        if pictures and (point in "\ufe0f\u200d" or pictures[-1].endswith("\u200d")):
            pictures[-1] += point
        else:
            pictures.append(point)
    return random.choice(pictures)
