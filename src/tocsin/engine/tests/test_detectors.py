"""Indicators: what is found, how it is normalised, what stays quiet; and one conformance test for every detector."""

import hashlib
import time

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.engine.detectors import find_indicators, lay_out, load_detectors
from tocsin.engine.detectors._keccak import keccak256
from tocsin.engine.detectors.card import is_identity_number
from tocsin.engine.fold import fold_batch
from tocsin.engine.text import TextBatch

KINDS = {
    "url", "domain", "ip", "email", "phone", "card", "bank_account", "wallet",
    "wechat", "qq", "telegram", "whatsapp", "line", "file_hash",
}  # fmt: skip
Row = tuple[str, str, str]


def indicators(texts: list[str]) -> list[list[Row]]:
    """(kind, value, original span) of everything in each message."""
    batch = TextBatch.from_arrow(pa.array(texts, type=pa.string()))
    found = find_indicators(batch, fold_batch(batch))
    result: list[list[Row]] = [[] for _ in texts]
    spans = zip(found.start.tolist(), found.end.tolist(), strict=True)
    named = zip(found.kind.to_pylist(), found.value.to_pylist(), strict=True)
    for row, (kind, value), (start, end) in zip(found.row.tolist(), named, spans, strict=True):
        result[row].append((kind, value, texts[row][start:end]))
    return result


def exact(text: str, kind: str, value: str) -> tuple[str, Row]:
    """An example whose value stands in the text as it is."""
    return text, (kind, value, value)


FOUND: list[tuple[str, Row]] = [
    exact("请点击http://a.example/Xy1点击", "url", "http://a.example/Xy1"),
    ("hxxps://bad[.]site-1[.]com/a?x=1.", ("url", "https://bad.site-1.com/a?x=1", "hxxps://bad[.]site-1[.]com/a?x=1")),
    ("ｈｔｔｐ：／／ａ．ｅｘａｍｐｌｅ／ｑ，谢", ("url", "http://a.example/q", "ｈｔｔｐ：／／ａ．ｅｘａｍｐｌｅ／ｑ")),
    exact("查件戳 yunque.example/q 输入", "url", "yunque.example/q"),
    exact("http://10.2.3.4:8080/x)", "url", "http://10.2.3.4:8080/x"),
    exact("登录http://客服.中国/abc", "url", "http://客服.中国/abc"),
    ("登录 www。bank-vip。example", ("domain", "www.bank-vip.example", "www。bank-vip。example")),
    ("abc点com 快来", ("domain", "abc.com", "abc点com")),
    exact("访问 银信客服.example 领取", "domain", "银信客服.example"),
    ("PD521·CC", ("domain", "pd521.cc", "PD521·CC")),
    ("登录www . abc . com查询", ("domain", "www.abc.com", "www . abc . com")),
    ("bad(dot)example(dot)com", ("domain", "bad.example.com", "bad(dot)example(dot)com")),
    exact("Order: bag-sale.example . No returns", "domain", "bag-sale.example"),
    ("аррӏе-id.example", ("domain", "apple-id.example", "аррӏе-id.example")),
    ("from 203[.]0[.]113[.]9 today", ("ip", "203.0.113.9", "203[.]0[.]113[.]9")),
    exact("mail me@b.example", "email", "me@b.example"),
    ("abc(at)mail(dot)example", ("email", "abc@mail.example", "abc(at)mail(dot)example")),
    ("发到12345#qq.com", ("email", "12345@qq.com", "12345#qq.com")),
    ("电话138-0013-8000", ("phone", "13800138000", "138-0013-8000")),
    ("+86 138 0013 8000", ("phone", "13800138000", "+86 138 0013 8000")),
    ("速电一三八零零一三八零零零", ("phone", "13800138000", "一三八零零一三八零零零")),
    ("①③⑧００１３８０００找我", ("phone", "13800138000", "①③⑧００１３８０００")),
    ("l38oo138ooo", ("phone", "13800138000", "l38oo138ooo")),
    ("热线400-000-1234", ("phone", "4000001234", "400-000-1234")),
    exact("请拨打95588", "phone", "95588"),
    ("致电021-12345678", ("phone", "02112345678", "021-12345678")),
    exact("短信发至106912345678", "phone", "106912345678"),
    ("call 07700 900123 now", ("phone", "+447700900123", "07700 900123")),
    ("+44 7700 900123", ("phone", "+447700900123", "+44 7700 900123")),
    ("call (555) 010-3456", ("phone", "+15550103456", "(555) 010-3456")),
    ("卡号6222 0212 3456 7890 128", ("card", "6222021234567890128", "6222 0212 3456 7890 128")),
    ("card 4111-1111-1111-1111", ("card", "4111111111111111", "4111-1111-1111-1111")),
    exact("农业银行 账号:12345678901 户名张三", "bank_account", "12345678901"),
    ("pay to GB82 WEST 1234 5698 7654 32", ("bank_account", "GB82WEST12345698765432", "GB82 WEST 1234 5698 7654 32")),
    exact("打到1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "wallet", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    exact("收bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "wallet", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"),
    exact("波场TJRabPrwbZy45sbavfcjinPJC18kjpRTv8", "wallet", "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8"),
    exact("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "wallet", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    exact("md5 d41d8cd98f00b204e9800998ecf8427e", "file_hash", "d41d8cd98f00b204e9800998ecf8427e"),
    exact("加薇❤abc123", "wechat", "abc123"),
    exact("V❤信:Abc_123", "wechat", "Abc_123"),
    exact("徽.信 abc-123", "wechat", "abc-123"),
    exact("wx:abc123", "wechat", "abc123"),
    exact("加V：zhangsan888", "wechat", "zhangsan888"),
    exact("微信号是 zhangsan", "wechat", "zhangsan"),
    exact("加微xkd8899了解", "wechat", "xkd8899"),
    ("➕🅥 ｈｅｌｌｏ８８", ("wechat", "hello88", "ｈｅｌｌｏ８８")),
    ("加我 微 信：l o v e 1 2 3", ("wechat", "love123", "l o v e 1 2 3")),
    ("微信:yue 0933,快餐", ("wechat", "yue0933", "yue 0933")),
    exact("微信同号13800138000", "wechat", "13800138000"),
    exact("电话微信同号13800138000", "phone", "13800138000"),
    exact("扣扣：12345678", "qq", "12345678"),
    ("➕Q 1 2 3 4 5 6 7", ("qq", "1234567", "1 2 3 4 5 6 7")),
    ("企.鹅8800 4411", ("qq", "88004411", "8800 4411")),
    ("QQ：①②③④⑤⑥⑦", ("qq", "1234567", "①②③④⑤⑥⑦")),
    exact("球球12345678", "qq", "12345678"),
    exact("飞机@name_x", "telegram", "name_x"),
    exact("✈️：name_x9", "telegram", "name_x9"),
    exact("tg：@abcdef", "telegram", "abcdef"),
    exact("tele gram @abcdef", "telegram", "abcdef"),
    ("whatsapp: +44 7700 900123", ("whatsapp", "+447700900123", "+44 7700 900123")),
    ("W-h-a-t-s-A-p-p +44 7700 900318", ("whatsapp", "+447700900318", "+44 7700 900318")),
    exact("Line ID: @abc123", "line", "@abc123"),
    exact("加賴 loan-help88", "line", "loan-help88"),
    ("办证（葳③O⒎⑻⑥⒖⒏）", ("wechat", "30786158", "③O⒎⑻⑥⒖⒏")),
    ("（⒋⒐⑼⑨O⒍④⒊巍）", ("wechat", "49990643", "⒋⒐⑼⑨O⒍④⒊")),
    ("微信7️⃣8️⃣9️⃣6️⃣5️⃣4️⃣1️⃣", ("wechat", "7896541", "7️⃣8️⃣9️⃣6️⃣5️⃣4️⃣1️⃣")),
    exact("高端外围，mote5566微信，北上", "wechat", "mote5566"),
    exact("咨询yue_8086（微信）", "wechat", "yue_8086"),
    exact("【精仿微abc6476】", "wechat", "abc6476"),
    exact("加我v13500001234", "wechat", "13500001234"),
    exact("代开发票_微信_abc416259】", "wechat", "abc416259"),
    ("企鹅叁贰壹柒捌玖陆", ("qq", "3217896", "叁贰壹柒捌玖陆")),
    exact("群号：713000456", "qq", "713000456"),
    exact("需要私聊 @abcdefghij", "telegram", "abcdefghij"),
    exact("查询秒单 @abc4938", "telegram", "abc4938"),
    exact("тг: @abc_def", "telegram", "abc_def"),
    exact("텔레그램 abc_def", "telegram", "abc_def"),
    exact("write to ghost_99 on telegram", "telegram", "ghost_99"),
    exact("朵朵VIP賴：ab78981", "line", "ab78981"),
    exact('LINE"ME9505 點擊', "line", "ME9505"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_it_finds(text: str, expected: Row) -> None:
    assert indicators([text]) == [[expected]]


QUIET = [
    "订单号13800138000123",
    "订单号:13800138000",
    "运单号4111111111111111已签收",
    "验证码138001，五分钟内有效",
    "2026-01-02 10:30 至 2026年3月4日",
    "价格199元，满300减50，￥13800138000",
    "3.1415926 一共180.00元 15:30-16:30",
    "4111 1111 1111 1112",
    "尾号8888的卡",
    "账号12345678901登录游戏",
    "see you later.so what",
    "ok.me too. Hi there.It is",
    "readme.md main.py b.tech/mca",
    "版本 10.2.3.4 发布",
    "look at the sky",
    "微信支付已到账100元",
    "微信搜索公众号",
    "微信 please 联系",
    "微信群里说QQ空间100个赞",
    "QQ音乐会员 2024 年",
    "我坐飞机 ca1234 到",
    "The line is 12345 long",
    "whatsapp only, 3 people",
    "telegram app is good",
    "@someone hello",
    "Box326 CW25WX 150ppm",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD",
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
    "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdd",
    "GB82 WEST 1234 5698 7654 33",
    "5月1日-3日 10:00-12:00 A座1203",
    "感谢网友@wayne0311 提供图片",
    "@LOLLIPOP_F小煜 你好",
    "迪拜高端外围uudn72078",
    "技术运维abc09售后",
    "i was v tired2 yesterday",
    "order line: 2024 items",
    "依赖jquery36和vue3",
]


@pytest.mark.parametrize("text", QUIET)
def test_it_stays_quiet(text: str) -> None:
    assert indicators([text]) == [[]]


def test_a_link_to_an_account_is_a_link_and_names_the_account() -> None:
    assert indicators(["https://t.me/Name_1 wa.me/447700900123"]) == [
        [
            ("url", "https://t.me/Name_1", "https://t.me/Name_1"),
            ("telegram", "Name_1", "Name_1"),
            ("url", "wa.me/447700900123", "wa.me/447700900123"),
            ("whatsapp", "+447700900123", "447700900123"),
        ]
    ]


def test_a_link_to_a_group_names_the_group() -> None:
    found = indicators(["chat.whatsapp.com/Jk3LmN8pQ2rStUvW", "lin.ee/Ab3dE9x"])
    assert found[0][1] == ("whatsapp", "Jk3LmN8pQ2rStUvW", "Jk3LmN8pQ2rStUvW")
    assert found[1][1] == ("line", "Ab3dE9x", "Ab3dE9x")


def test_a_domain_inside_a_link_or_address_is_not_reported_again() -> None:
    found = indicators(["看 https://a.example/b@c 写 x@d.example 到 e.example"])[0]
    assert [(kind, value) for kind, value, _ in found] == [
        ("url", "https://a.example/b@c"),
        ("email", "x@d.example"),
        ("domain", "e.example"),
    ]


def test_messages_do_not_run_into_each_other() -> None:
    assert indicators(["加微信", "abc12345", "", "电话", "95588", "http://", "a.example"]) == [
        [], [], [], [], [], [], [("domain", "a.example", "a.example")],
    ]  # fmt: skip


def test_no_messages_have_no_indicators() -> None:
    assert indicators([]) == []
    assert indicators(["", "", ""]) == [[], [], []]


def test_batches_of_different_length_are_refused() -> None:
    batch = TextBatch.from_arrow(pa.array(["a", "b"]))
    with pytest.raises(ValueError, match="2 messages but 1 folded"):
        find_indicators(batch, fold_batch(TextBatch.from_arrow(pa.array(["a"]))))


@pytest.mark.parametrize("name", sorted(load_detectors()))
def test_every_detector_keeps_the_contract(name: str) -> None:
    module = load_detectors()[name]
    assert module.KINDS
    assert set(module.KINDS) <= KINDS
    assert isinstance(module.RANK, int)
    examples = [*(text for text, _ in FOUND), *QUIET, "\0", "a" * 5000, "1" * 5000, "." * 500]
    batch = TextBatch.from_arrow(pa.array(examples))
    text = lay_out(batch, fold_batch(batch))
    found = list(module.find(text))
    assert module.CUES
    assert any(text.places(cue) for cue in module.CUES)
    assert {each.kind for each in found} == set(module.KINDS), "each kind must be in the examples above"
    for each in found:
        assert 0 <= each.start < each.end <= len(text.lower)
        assert each.value
        assert "\n" not in text.lower[each.start : each.end]


def test_the_detectors_together_cover_every_kind() -> None:
    assert {kind for module in load_detectors().values() for kind in module.KINDS} == KINDS


MIXED = st.lists(
    st.one_of(
        st.sampled_from([text for text, _ in FOUND] + QUIET),
        st.text(alphabet="加微信v薇q扣飞机@tg:.·。点comhttp/ 13800-abc_[]()❤①\0\u200b\u0301\u202eا", max_size=60),
        st.text(max_size=40),
    ),
    max_size=5,
)


@settings(max_examples=150, deadline=None)
@given(MIXED)
def test_spans_are_valid_sorted_and_never_empty(texts: list[str]) -> None:
    batch = TextBatch.from_arrow(pa.array(texts, type=pa.string()))
    found = find_indicators(batch, fold_batch(batch))
    lengths = np.array([len(text) for text in texts], dtype=np.int32)
    assert np.all(found.start >= 0)
    assert np.all(found.start < found.end)
    assert np.all(found.end <= lengths[found.row])
    keys = list(zip(found.row.tolist(), found.start.tolist(), strict=True))
    assert keys == sorted(keys)
    rows = list(zip(keys, found.kind.to_pylist(), found.value.to_pylist(), strict=True))
    assert len(rows) == len(set(rows))


@settings(max_examples=100, deadline=None)
@given(MIXED)
def test_a_batch_finds_what_its_messages_hold_one_by_one(texts: list[str]) -> None:
    assert indicators(texts) == [indicators([text])[0] for text in texts]
    assert indicators(texts[::-1]) == indicators(texts)[::-1]


def test_a_list_of_handles_is_found_whole() -> None:
    found = indicators(["总监 @abcdefg 运营 @hijklmn 讨论群 @opqrstu", "QQ:800012345、800012346"])
    assert [value for _, value, _ in found[0]] == ["abcdefg", "hijklmn", "opqrstu"]
    assert [value for _, value, _ in found[1]] == ["800012345", "800012346"]


def test_a_keycap_belongs_to_its_digit() -> None:
    text = "电话" + "".join(f"{digit}\ufe0f\u20e3" for digit in "13800138000") + "!"
    assert indicators([text]) == [[("phone", "13800138000", text[2:-1])]]


HOSTILE = [
    "a." * 9_000, "1 " * 9_000, "加微信" * 9_000, "加v" * 9_000, "@" * 9_000, "@a1_b " * 3_000, "@a1b2c " * 3_000,
    "http://" * 5_000, "http://a.com/" + ")" * 20_000, "x" * 9_000, "a点" * 9_000, "[" * 9_000, ".com" * 5_000,
    "ab12 " * 5_000, "l3" * 9_000, " at a dot com" * 2_000, "(at)" * 5_000, "微信" + " " * 9_000 + "abc123",
    "whatsapp +" * 3_000 + "1", "t.me/" * 5_000, "1-" * 9_000, "q12345678 " * 2_000, "abc12345微信 " * 2_000,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=[text[:12] for text in HOSTILE])
def test_hostile_messages_cost_their_length_and_no_more(text: str) -> None:
    def cost(message: str) -> float:
        batch = TextBatch.from_arrow(pa.array([message]))
        folded = fold_batch(batch)
        times = []
        for _ in range(3):
            begin = time.process_time()
            find_indicators(batch, folded)
            times.append(time.process_time() - begin)
        return min(times)

    half, whole = cost(text[: len(text) // 2]), cost(text)
    assert whole < 4 * half + 0.01, "twice the length must not cost four times as much"


def test_keccak_is_the_one_of_ethereum() -> None:
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert keccak256(b"abc").hex() == "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"
    assert keccak256(b"a" * 300) != hashlib.sha3_256(b"a" * 300).digest()


def test_an_identity_number_is_told_from_a_card() -> None:
    assert is_identity_number("110101199001011237")
    assert not is_identity_number("110101199001011238")
    assert not is_identity_number("110101199013011237")
    assert not is_identity_number("4111111111111111")
