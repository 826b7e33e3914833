"""What is taken out of a text before it is cut, and which date it carries."""

import datetime
import time

import pytest

from tocsin.engine.matching.reading import LONGEST_TEXT, date_in, prepare


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("look https://news.example/a-b?c=d now", "look now"),
        ("see pic.twitter.com/Ab12Cd", "see"),
        ("short.example/x9 says so", "says so"),
        ("详情见https://a.example/路径之后", "详情见 路径之后"),
        ("version 1.5 of a.b is out", "version 1.5 of a.b is out"),
        ("#BlackCatsMatter", "Black Cats Matter"),
        ("@realJaneDoe2020", "real Jane Doe 2020"),
        ("#COVIDIsReal and #flood_in_town", "COVID Is Real and flood in town"),
        ("no tags: iPhone", "no tags: iPhone"),
    ],
)
def test_links_go_and_tags_are_cut(text: str, expected: str) -> None:
    assert prepare(text).split() == expected.split()


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("It rained. — A. Person (@aperson) January 28, 2021", "2021-01-28"),
        ("26 May 2015", "2015-05-26"),
        ("published 2021-03-04T10:00", "2021-03-04"),
        ("2016年12月1日，网上流传", "2016-12-01"),
        ("Sept. 3rd, 2019", "2019-09-03"),
        ("on 1 May 2012, and again on Jun 2, 2014", "2014-06-02"),
        ("February 30, 2020", None),
        ("2020-13-45 and 99 May 2020", None),
        ("in May 2020, or in 2021", None),
        ("call 2021-01-281234", None),
        ("", None),
    ],
)
def test_the_last_full_date_counts(text: str, date: str | None) -> None:
    assert date_in(text) == (datetime.date.fromisoformat(date).toordinal() if date else 0)


@pytest.mark.parametrize("piece", ["a.", "-", "@a", "#aA", "a/", "www.", "https://", "jan ", "1 jan ", "2021-", "12 "])
def test_no_repetition_makes_it_slow(piece: str) -> None:
    text = piece * (LONGEST_TEXT // len(piece))
    begin = time.process_time()
    prepare(text)
    date_in(text)
    assert time.process_time() - begin < 2
