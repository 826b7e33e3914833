"""The disguiser: every kind does what it says, the same way every time, and robustness counts what it costs."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.engine.fold import fold_text
from tocsin.engine.harms import Harm
from tocsin.lab.corpora import Row, hold_out_rows
from tocsin.lab.disguise import DRESSES, VARIANT_WEIGHT, Kind, Strength, augment, disguise, disguise_as
from tocsin.lab.disguises.places import LINK
from tocsin.lab.robustness import HEAD, Line, measure

CHINESE = "老师加微信领红包，日薪300元，联系电话13800138000，网址 www.jifen.example，的确不是骗你的。"
ENGLISH = "Free money! Call 020 7946 0000 or open https://prize.example.com/win?a=1 to claim the gift, account ABC."
RUSSIAN = "Ваша карта заблокирована, позвоните"

# What of a text an honest undoing brings back, by the fold that the engine has; the others cost something.
UNDONE = (Kind.TRADITIONAL, Kind.STYLES, Kind.CASE, Kind.DIGITS, Kind.KEYS, Kind.INVISIBLE)


def row(name: str, text: str, group: str = "written scam zh sms", *, alarm: bool = True) -> Row:
    return Row(name, text, group, alarm, Harm.PHISHING if alarm else None, 6.0)


def test_every_kind_has_a_dress() -> None:
    assert set(DRESSES) == set(Kind)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_changes_a_text_that_has_a_place_for_it(kind: Kind) -> None:
    assert any(disguise_as(text, kind, Strength.STRONG, 1) != text for text in (CHINESE, ENGLISH))


@pytest.mark.parametrize("kind", UNDONE)
@pytest.mark.parametrize("text", [CHINESE, ENGLISH])
def test_a_disguise_of_form_alone_folds_back_to_the_text(kind: Kind, text: str) -> None:
    assert fold_text(disguise_as(text, kind, Strength.STRONG, 3)) == fold_text(text)


@pytest.mark.parametrize(
    ("kind", "text", "among"),
    [
        (Kind.PARTS, "信", {"亻言"}),
        (Kind.LOOK, "微", {"徽", "薇", "溦"}),
        (Kind.PINYIN, "宝", {"bao", " bao "}),
        (Kind.INITIALS, "支付宝", {"zfb", "ZFB"}),
        (Kind.TRADITIONAL, "账", {"賬"}),
        (Kind.PICTURES, "money", {"💰"}),
        (Kind.PICTURES, "加", {"➕"}),
        (Kind.KEYS, "5", {"5\ufe0f\u20e3", "5\u20e3"}),
        (Kind.FIGURES, "e", {"3"}),
        (Kind.CASE, "Q", {"q"}),
        (Kind.MARKS, "，", {"，" * n + more for n in (2, 3, 4) for more in ("", "!", "！", "~", "?!")}),
    ],
)
def test_a_kind_writes_what_people_write(kind: Kind, text: str, among: set[str]) -> None:
    assert {disguise_as(text, kind, Strength.STRONG, seed) for seed in range(9)} <= among


def test_a_sound_alike_sounds_the_same_and_is_another_character() -> None:
    for seed in range(9):
        other = disguise_as("宝", Kind.SOUND, Strength.STRONG, seed)
        assert other in "堡饱保鸨褓"


def test_a_word_is_not_drawn_inside_another() -> None:
    assert disguise_as("look booking", Kind.PICTURES, Strength.STRONG, 1) == "look booking"


def test_numerals_are_written_where_the_text_is_chinese() -> None:
    assert disguise_as("call 5551234", Kind.NUMERALS, Strength.STRONG, 1) == "call 5551234"
    assert disguise_as("拨打5551234", Kind.NUMERALS, Strength.STRONG, 1) != "拨打5551234"


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.LINKS])
def test_a_link_still_works_unless_it_is_taken_apart(kind: Kind) -> None:
    for text, link in ((CHINESE, "www.jifen.example"), (ENGLISH, "https://prize.example.com/win?a=1")):
        assert all(link in disguise_as(text, kind, Strength.STRONG, seed) for seed in range(5))


def test_a_link_taken_apart_is_no_link() -> None:
    for seed in range(20):
        found = LINK.search(disguise_as("see www.prize.example.com today", Kind.LINKS, Strength.STRONG, seed))
        assert found is None or found[0] == "example.com", found


def test_a_stronger_disguise_changes_more() -> None:
    def changed(strength: Strength) -> int:
        texts = [disguise_as(CHINESE, Kind.TRADITIONAL, strength, seed) for seed in range(20)]
        return sum(one != other for text in texts for one, other in zip(text, CHINESE, strict=True))

    assert changed(Strength.LIGHT) < changed(Strength.MEDIUM) < changed(Strength.STRONG)


def test_the_share_of_places_is_what_the_strength_says() -> None:
    text = "转账" * 50
    disguised = disguise_as(text, Kind.TRADITIONAL, Strength.MEDIUM, 1)
    changed = sum(one != other for one, other in zip(text, disguised, strict=True))
    assert changed == Strength.MEDIUM.share * len(text)


@given(st.one_of(st.text(max_size=60), st.text(alphabet="加微信转账宝123abцы.,/:\u200b", max_size=60)), st.integers())
def test_any_text_is_disguised_the_same_way_every_time(text: str, seed: int) -> None:
    for strength in Strength:
        assert disguise(text, strength, seed) == disguise(text, strength, seed)


@given(st.text(alphabet="加微信转账宝红包123abcцы.,/: ", max_size=60), st.sampled_from(list(Kind)))
def test_places_are_inside_the_text_and_in_no_way_empty(text: str, kind: Kind) -> None:
    for begin, (end, new) in DRESSES[kind](text, Random(1)).items():
        assert 0 <= begin < end <= len(text)
        assert new


def test_other_seeds_and_other_texts_are_disguised_otherwise() -> None:
    assert len({disguise(CHINESE, Strength.STRONG, seed) for seed in range(8)}) == 8
    assert disguise("", Strength.STRONG, 1) == ""


def test_variants_share_their_row_s_id_and_label_and_weigh_less() -> None:
    variants = list(augment([row("a", CHINESE)], seed=1))
    assert len(variants) == 2
    assert len({variant.text for variant in variants} | {CHINESE}) == 3
    for variant in variants:
        assert replace(variant, text=CHINESE, weight=6.0, judged=True) == row("a", CHINESE)
        assert variant.weight == 6.0 * VARIANT_WEIGHT
        assert not variant.judged


def test_quiet_rows_get_variants_as_scams_do_and_chat_only_some() -> None:
    quiet = [row(f"q{number}", CHINESE, "written quiet notice", alarm=False) for number in range(40)]
    chat = [row(f"c{number}", CHINESE, "chat zh (NUS)", alarm=False) for number in range(400)]
    assert len(list(augment(quiet, seed=1))) == 80
    assert 60 < len(list(augment(chat, seed=1))) < 140


def test_rows_that_only_help_to_train_or_hold_masks_get_none() -> None:
    only_trained = replace(row("a", CHINESE), judged=False)
    masked = row("b", "加微信 WECHAT", "FBS FR:Financial (masked)")
    assert list(augment([only_trained, masked], seed=1)) == []


def test_the_same_rows_and_seed_give_the_same_variants() -> None:
    rows = list(hold_out_rows())[:60]
    assert list(augment(rows, seed=7)) == list(augment(rows, seed=7))
    assert list(augment(rows, seed=7)) != list(augment(rows, seed=8))


def test_robustness_counts_what_is_lost_and_what_is_flagged_in_error() -> None:
    rows = [row("a", "转账转账转账转账"), row("b", "hello", "written quiet mail", alarm=False)]

    def assess(texts: Sequence[str]) -> list[bool]:
        """Flags plain transfers, and whatever holds a full-width letter."""
        return ["转账转账转账转账" in text or any("ａ" <= char <= "ｚ" for char in text) for text in texts]

    report = measure(rows, assess, seeds=range(8))
    lines = {line.name: line for line in report.kinds}
    assert lines[Kind.TRADITIONAL] == Line(str(Kind.TRADITIONAL), 8, 8, 0, 0, 0, 0)
    assert lines[Kind.TRADITIONAL].points_lost == 100.0
    assert lines[Kind.CASE] == Line(str(Kind.CASE), 0, 0, 0, 8, 0, 0)
    assert lines[Kind.STYLES].alarmed_disguised > lines[Kind.STYLES].alarmed == 0
    assert [line.name for line in report.strengths] == ["light", "medium", "strong"]
    assert report.strongest is report.strengths[-1]
    losses = [line.caught_disguised - line.caught for line in report.kinds]
    assert losses == sorted(losses)
    assert len(report.strongest.cells()) == len(HEAD)
