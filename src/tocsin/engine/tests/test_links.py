"""Links and numbers: the tables and their validators, look-alikes and their innocent neighbours, whole messages."""

import json
import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest
import tldextract

from tocsin.engine.detectors import find_indicators
from tocsin.engine.fold import fold_batch
from tocsin.engine.harms import Harm
from tocsin.engine.links import (
    Brand,
    BrandError,
    Code,
    LinkFinding,
    LinkFindings,
    LinkTables,
    count_findings,
    judge_links,
    load_brands,
    read_brands,
    reason_of,
)
from tocsin.engine.links.hosts import HostError, anatomy, host_of, parse_hosts, plain_label, read_hosts, read_list
from tocsin.engine.links.judge import State
from tocsin.engine.patterns import Strength
from tocsin.engine.text import TextBatch

ROOT = Path(__file__).parents[4]
SHARED = ROOT.parent / "shared" / "data" / "messages"
QUIET = ROOT / "src" / "tocsin" / "lab" / "corpus" / "quiet"

GOLDEN = Path(__file__).parent / "golden"


def _golden(name: str) -> list[str]:
    lines = (GOLDEN / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


@cache
def neighbours() -> list[str]:
    """Hosts that are near a brand in spelling or words and have nothing to do with it."""
    return " ".join(_golden("link_neighbours.txt")).split()


@cache
def impostors() -> list[tuple[str, str]]:
    """(brand, host) of every look-alike."""
    lines = [line.split(": ") for line in _golden("link_impostors.txt")]
    return [(brand, host) for brand, hosts in lines for host in hosts.split()]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> LinkTables:
    return LinkTables(tmp_path_factory.mktemp("compiled"))


def judge(texts: Sequence[str], tables: LinkTables) -> LinkFindings:
    """All findings of some messages."""
    batch = TextBatch.from_arrow(pa.array(texts, pa.string()))
    folded = fold_batch(batch)
    return judge_links(batch, folded, find_indicators(batch, folded), tables)


def found_in(text: str, tables: LinkTables) -> list[LinkFinding]:
    """The findings of one message as objects."""
    findings = judge([text], tables)
    return [findings.item(number) for number in range(len(findings))]


def said(text: str, tables: LinkTables) -> list[tuple[str, str, str]]:
    """(code, strength, brand) of each finding of one message."""
    return [
        (str(each.code), str(each.strength), each.brand.id if each.brand else "") for each in found_in(text, tables)
    ]


# --- look-alikes


def test_there_are_enough_pairs() -> None:
    assert len(impostors()) >= 120
    assert len(neighbours()) >= 120


def test_every_impostor_is_strong_and_names_its_brand(tables: LinkTables) -> None:
    wrong = []
    for brand, host in impostors():
        verdict = tables.verdict(host)
        named = tables.brands[verdict.brand].id if verdict.brand >= 0 else ""
        if verdict.code is None or verdict.strength is not Strength.STRONG or named != brand:
            wrong.append((host, brand, named, verdict.code, verdict.strength))
    assert wrong == []


def test_innocent_neighbours_get_nothing(tables: LinkTables) -> None:
    verdicts = {host: tables.verdict(host) for host in neighbours()}
    assert {host: verdict.code for host, verdict in verdicts.items() if verdict.code} == {}


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("www.icbc.com.cn.pay.example", Code.SUBDOMAIN),
        ("usps.com-track.example", Code.SUFFIX),
        ("parcels.com-track.example", Code.SUFFIX),
        ("paypa1.example", Code.LOOKALIKE),
        ("secure-icbc-login.example", Code.BORROWED),
        ("xn--pypal-4ve.example", Code.HOMOGRAPH),
        ("icbc-login.github.io", Code.BORROWED),
    ],
)
def test_each_kind_of_imitation_has_its_code(host: str, code: Code, tables: LinkTables) -> None:
    verdict = tables.verdict(host)
    assert (verdict.code, verdict.strength) == (code, Strength.STRONG)


@pytest.mark.parametrize("host", ["www.com-arts.example", "m.cn-trade.example", "blog.net-work.example"])
def test_a_label_that_only_begins_like_an_ending_is_none(host: str, tables: LinkTables) -> None:
    assert tables.verdict(host).code is not Code.SUFFIX


@pytest.mark.parametrize(
    ("host", "state", "code"),
    [
        ("bit.ly", State.SHORTENER, Code.SHORTENER),
        ("my-cats.github.io", State.HOSTING, Code.HOSTING),
        ("docs.google.com", State.SHARED, None),
        ("t.me", State.SHARED, None),
        ("www.wikipedia.org", State.KNOWN, Code.KNOWN),
        ("news.city.gov.cn", State.RESTRICTED, Code.RESTRICTED),
        ("www.school.edu.cn", State.NEUTRAL, None),
        ("shop.tmall.com", State.OFFICIAL, Code.OFFICIAL),
        ("8.8.8.8", State.UNKNOWN, Code.ADDRESS),
        ("a1b2c3d4x-9.top", State.UNKNOWN, Code.ODD_HOST),
        ("flowers.example", State.UNKNOWN, None),
    ],
)
def test_hosts_of_each_state(host: str, state: State, code: Code | None, tables: LinkTables) -> None:
    verdict = tables.verdict(host)
    assert (verdict.state, verdict.code) == (state, code)


def test_every_official_domain_is_good_or_open_never_bad(tables: LinkTables) -> None:
    for number, brand in enumerate(tables.brands):
        for domain in brand.domains:
            verdict = tables.verdict(f"www.{domain.host}")
            assert verdict.brand == number, domain
            assert verdict.state is (State.SHARED if domain.open else State.OFFICIAL), domain
            assert verdict.code is (None if domain.open else Code.OFFICIAL), domain


def test_sites_of_the_lists_of_popular_sites_hardly_resemble_a_brand(tables: LinkTables) -> None:
    """Known-good wins anyway; this guards the rules themselves against real names."""
    drawn = random.Random(7).sample(read_list("known.txt"), 2_000)
    bare = LinkTables.__new__(LinkTables)
    bare.__dict__.update(tables.__dict__ | {"entries": {}})
    strong = [host for host in drawn if (said := bare._verdict(host)).code and said.strength is Strength.STRONG]
    assert len(strong) <= 4, strong


# --- messages


def test_a_genuine_notice_is_calm(tables: LinkTables) -> None:
    text = "【工商银行】您的信用卡账单已出，详情请登录 https://www.icbc.com.cn/bill 或致电95588。"
    assert said(text, tables) == [("link.official", "calm", "icbc"), ("number.official", "calm", "icbc")]


def test_a_signature_and_a_strangers_link_are_strong_with_the_span_of_the_link(tables: LinkTables) -> None:
    text = "😀【工商银行】您的积分即将清零，请点击 http://jf-gift.example/a 兑换"
    (finding,) = found_in(text, tables)
    assert (finding.code, finding.strength) == (Code.SENDER_LINK, Strength.STRONG)
    assert text[finding.start : finding.end] == "http://jf-gift.example/a"
    assert reason_of(finding) == (
        "署名是工商银行，链接域名 jf-gift.example 却不是其官方域名",
        "It is signed ICBC, but jf-gift.example is not one of their domains",
    )


@pytest.mark.parametrize(
    "text",
    [
        "USPS: your parcel is on hold, pay at mailroom.example/fee",
        "Evri: nobody was in. Rebook: flat-slot.example",
        "医保局:您的医保卡已停用，点击 yb-zx.example 恢复",
        "您的ETC已失效，请访问 sign-up.example 重新签约。【ETC中心】",
    ],
)
def test_senders_are_known_in_their_usual_places(text: str, tables: LinkTables) -> None:
    assert [(each.code, each.strength) for each in found_in(text, tables)] == [(Code.SENDER_LINK, Strength.STRONG)]


def test_a_brand_in_the_text_and_a_strangers_link_is_a_hint_only(tables: LinkTables) -> None:
    text = "尊敬的用户，建设银行提醒您账户异常，请点击 hx-query.example 核实"
    assert said(text, tables) == [("link.disagrees", "hint", "ccb")]


@pytest.mark.parametrize(
    "text",
    [
        "新款跑鞋天猫京东同步发售，会员价更低，点击 shoes-lab.example 了解",
        "您的包裹由顺丰转中国邮政派送，查询 kd-where.example",
        "【京东】开学季大促，爆款低至5折，戳 https://u.jd.com/abc 抢购",
        "公安局通报一起案件，全文见 news-daily.example/1",
        "北京东站附近停车，地图见 maps-of-town.example",
        "I met the team of DBS and HSBC, slides at talk-notes.example",
        "Grab lunch? menu: noodles.example",
        "今天天气不错",
        "",
    ],
)
def test_ordinary_messages_get_neither_strong_nor_hint(text: str, tables: LinkTables) -> None:
    assert [each for each in found_in(text, tables) if each.strength is not Strength.CALM] == []


def test_a_link_of_the_brand_beside_another_keeps_the_other_from_disagreeing(tables: LinkTables) -> None:
    text = "【招商银行】活动详情 www.cmbchina.com，合作商户 cake-house.example"
    assert said(text, tables) == [("link.official", "calm", "cmb")]


def test_official_addresses_beside_a_false_one_do_not_count(tables: LinkTables) -> None:
    findings = judge(["见 www.icbc.com.cn 或 icbc-vip.example", "见 www.icbc.com.cn", "好"], tables)
    counts = count_findings(findings, 3)
    assert counts.strong.tolist() == [1, 0, 0]
    assert counts.calm.tolist() == [0, 1, 0]
    assert counts.hint.tolist() == [0, 0, 0]


def test_letters_of_another_script_are_seen_although_folding_hides_them(tables: LinkTables) -> None:
    finding = found_in("请登录 https://\u0456cbc.com.cn/login 核实", tables)[0]
    assert (finding.code, finding.strength) == (Code.HOMOGRAPH, Strength.STRONG)
    assert finding.brand is not None
    assert finding.brand.id == "icbc"


def test_full_width_letters_lead_where_they_say(tables: LinkTables) -> None:
    assert said("官网 ｗｗｗ.icbc.com.cn 可查", tables) == [("link.official", "calm", "icbc")]


def test_what_stands_before_an_at_sign_is_a_decoy(tables: LinkTables) -> None:
    found = said("open http://www.icbc.com.cn@pay-here.example/login now", tables)
    assert ("link.user-info", "strong") in [(code, strength) for code, strength, _ in found]


def test_an_official_domain_that_forwards_elsewhere_is_not_calm(tables: LinkTables) -> None:
    assert said("看 https://www.baidu.com/link?url=http://odd.example 哦", tables) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("看 https://bit.ly/3xYzAb 领取", Code.SHORTENER),
        ("下载 http://203.0.113.9/app.apk", Code.ADDRESS),
        ("打开 http://flowers.example:8899/a", Code.PORT),
        ("see https://my-cats.github.io/a", Code.HOSTING),
    ],
)
def test_weak_signs_are_hints(text: str, code: Code, tables: LinkTables) -> None:
    assert [(each.code, each.strength) for each in found_in(text, tables)] == [(code, Strength.HINT)]


def test_a_private_number_under_a_banks_signature_is_a_hint(tables: LinkTables) -> None:
    assert said("【工商银行】您的账户异常，请致电13800138000", tables) == [("sender.number", "hint", "icbc")]
    assert said("【顺丰速运】快件已到，快递员电话13800138000", tables) == []


def test_a_number_of_the_table_is_good(tables: LinkTables) -> None:
    assert said("可疑来电请拨打电话96110咨询", tables) == [("number.official", "calm", "npc96110")]


def test_only_a_strong_imitation_is_called_phishing(tables: LinkTables) -> None:
    assert [each.harm for each in found_in("见 icbc-vip.example", tables)] == [Harm.PHISHING]
    assert [each.harm for each in found_in("见 https://bit.ly/3xYzAb", tables)] == [None]


def test_every_reason_is_filled_in(tables: LinkTables) -> None:
    brand = tables.brands[0]
    for code in Code:
        for named in (brand, None):
            finding = LinkFinding(0, code, Strength.HINT, 0, 1, named, "host.example")
            zh, en = reason_of(finding)
            assert "host.example" in zh
            assert "host.example" in en
            assert "{" not in zh + en
    with_brand = LinkFinding(0, Code.BORROWED, Strength.STRONG, 0, 1, brand, "icbc-vip.example")
    assert reason_of(with_brand) == (
        "链接域名 icbc-vip.example 不是工商银行的官方域名",
        "The link's domain icbc-vip.example does not belong to ICBC",
    )


def test_a_batch_says_what_its_messages_say_alone(tables: LinkTables) -> None:
    texts = [f"【工商银行】第{n}次提醒，点击 http://{host}/x" for n, (_, host) in enumerate(impostors())]
    texts += ["没有链接", "【建设银行】请点 abc-query.example"] * 40
    found = judge(texts, tables)
    by_row: dict[int, list[LinkFinding]] = {}
    for number in range(len(found)):
        item = found.item(number)
        by_row.setdefault(item.row, []).append(item._replace(row=0))
    for row in random.Random(3).sample(range(len(texts)), 40):
        assert by_row.get(row, []) == found_in(texts[row], tables)


def test_an_empty_batch_has_no_findings(tables: LinkTables) -> None:
    assert len(judge([], tables)) == 0


def test_quiet_texts_of_the_corpus_get_nothing_strong(tables: LinkTables) -> None:
    texts = [
        json.loads(line)["text"]
        for path in sorted(QUIET.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    counts = count_findings(judge(texts, tables), len(texts))
    assert [texts[row] for row in counts.strong.nonzero()[0]] == []
    assert counts.hint.astype(bool).sum() <= len(texts) // 500


@pytest.mark.shared_data
@pytest.mark.skipif(not SHARED.exists(), reason="the data folder beside the project is absent")
@pytest.mark.parametrize("name", ["zh_sms_ordinary", "en_sms_ordinary", "zh_ordinary_talk"])
def test_ordinary_talk_gets_nothing_strong(name: str, tables: LinkTables) -> None:
    lines = (SHARED / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()[:6_000]
    texts = [json.loads(line)["text"] for line in lines]
    counts = count_findings(judge(texts, tables), len(texts))
    assert counts.strong.sum() == 0
    assert counts.hint.astype(bool).sum() <= 6


# --- tables


def _is_chinese(brand: Brand) -> bool:
    return any("一" <= letter <= "鿿" for letter in brand.zh)


def test_enough_brands_are_protected() -> None:
    brands = load_brands().brands
    assert len({brand.id for brand in brands}) == len(brands)
    assert sum(_is_chinese(brand) for brand in brands) >= 120
    assert sum(not _is_chinese(brand) for brand in brands) >= 130


def test_official_domains_are_registered_names() -> None:
    extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    bare = {d.host for brand in load_brands().brands for d in brand.domains if not extract.extract_str(d.host).domain}
    assert bare == {"gov.uk", "nhs.uk"}


def test_names_survive_folding(tables: LinkTables) -> None:
    folded = fold_batch(TextBatch.from_arrow(pa.array([name.text for name in tables.names], pa.string())))
    assert folded.points.tobytes().decode("utf-32-le") == "".join(name.text for name in tables.names)


def test_derived_lists_hold_nothing_that_the_written_ones_decide() -> None:
    written = {domain.host for brand in load_brands().brands for domain in brand.domains} | read_hosts().entries()
    assert written.isdisjoint(read_list("known.txt"))
    assert written.isdisjoint(read_list("shorteners.txt"))
    assert len(read_list("known.txt")) > 5_000


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[bank]\nabc | 甲 | A", "b.txt line 2: abc: 5 columns wanted, 3 found"),
        ("abc | 甲银行 | | abc.example | 95500", "b.txt line 1: abc: stands before the first section"),
        ("[shop]", "b.txt line 1: [shop]: is no kind of brand"),
        ("[bank]\nA-1 | 甲银行 | | abc.example |", "b.txt line 2: A-1: an id is small letters, digits and _"),
        ("[bank]\nabc | | | abc.example |", "b.txt line 2: abc: has no name"),
        ("[bank]\nabc | 甲 | | abc.example |", "b.txt line 2: abc: the name '甲' is too short"),
        ("[bank]\nabc | 甲银行 | | Abc.example |", "b.txt line 2: abc: 'Abc.example' is no domain in small letters"),
        (
            "[bank]\nabc | 甲银行 | | | 9-5",
            "b.txt line 2: abc: '9-5' is no number: 5 to 15 digits, a plus before international ones",
        ),
        (
            "[bank]\nabc | 甲银行 | | abc.example |\nabd | 乙银行 | | abc.example |",
            "b.txt line 3: abd: the domain 'abc.example' already belongs to abc",
        ),
        ("[bank]\nabc | 甲银行 | | |\nabc | 乙银行 | | |", "b.txt line 3: abc: the id is already taken"),
        (
            "[bank]\nabc | 甲银行 | | |\nabd | 甲银行 | | |",
            "b.txt line 3: abd: the name '甲银行' already belongs to abc",
        ),
    ],
)
def test_a_fault_in_a_brand_table_is_named_by_file_line_and_entry(text: str, fault: str) -> None:
    with pytest.raises(BrandError) as caught:
        read_brands([("b.txt", text)])
    assert caught.value.problems == (fault,)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(BrandError) as caught:
        read_brands([("b.txt", "[bank]\nabc | 甲 | | |\nabd | 乙 | | |")])
    assert len(caught.value.problems) == 2


def test_faults_in_the_host_table_are_named() -> None:
    with pytest.raises(HostError) as caught:
        parse_hosts("h.txt", "a.example\n[shared]\nB.example\n[nonsense]\nc.example")
    first = "h.txt line 1: a.example: stands before the first section"
    assert caught.value.problems[0] == first
    assert caught.value.problems[1] == "h.txt line 3: B.example: only small letters, digits, dots and hyphens"
    assert caught.value.problems[2].startswith("h.txt line 4: [nonsense]: is no section")
    assert "h.txt: [word]: has no entry" in caught.value.problems


def test_hosts_are_taken_apart() -> None:
    assert anatomy("a.b.shop.co.uk") == (("a", "b"), "shop", "co.uk", False)
    assert anatomy("x.cats.github.io") == (("x",), "cats", "github.io", True)
    assert anatomy("bank.example") == ((), "bank", "example", False)
    assert host_of("http://A.example:80/p?q") == ("a.example", ":80/p?q")
    assert host_of("http://a.example@b.example/p") == ("b.example", "/p")
    assert host_of("a.example/p@q") == ("a.example", "/p@q")
    assert plain_label("xn--pypal-4ve") == "paypal"
    assert plain_label("xn--99999999") == "xn--99999999"
