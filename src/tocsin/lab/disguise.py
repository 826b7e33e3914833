"""The disguiser: what a sender does to a text so that a reader still understands it and a filter does not.

    disguise("加微信领红包", Strength.STRONG, seed=1)      # always the same answer for the same three

It serves two ends: measuring what disguises cost the engine (``lab/robustness.py``), and variants of labelled rows to
train on (`augment`). The kinds themselves are in ``lab/disguises/``; this module picks among them. It is not a tool to
evade anything: all that it does is seen daily in reports, and the engine's fold is measured against it.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from enum import Enum, StrEnum
from random import Random

from tocsin.lab.corpora import Row
from tocsin.lab.disguises import ideographs, letters, marks, pictures
from tocsin.lab.disguises.places import LINK, Dress, Places


class Kind(StrEnum):
    """The kinds of disguise."""

    SOUND = "sound-alike characters"
    LOOK = "look-alike characters"
    PARTS = "split characters"
    PINYIN = "pinyin"
    INITIALS = "initials of words"
    TRADITIONAL = "traditional characters"
    OTHER_SCRIPTS = "kana and bopomofo"
    PICTURES = "pictures for words"
    CONFUSABLES = "letters of other alphabets"
    STYLES = "letters in other styles"
    ACCENTS = "accents and strokes on letters"
    FIGURES = "figures for letters"
    CASE = "case noise"
    DIGITS = "digits in other styles"
    NUMERALS = "digits as numerals"
    KEYS = "digits as keys"
    SEPARATORS = "separators"
    INVISIBLE = "invisible points"
    MARKS = "repeated punctuation"
    LINKS = "links taken apart"


class Strength(Enum):
    """How much is disguised: the share of the places that could be, and how many kinds one sender mixes."""

    LIGHT = (0.08, 2)
    MEDIUM = (0.20, 3)
    STRONG = (0.40, 4)

    def __init__(self, share: float, kinds: int) -> None:
        self.share = share
        self.kinds = kinds


DRESSES: dict[Kind, Dress] = {
    Kind.SOUND: ideographs.by_sound,
    Kind.LOOK: ideographs.by_look,
    Kind.PARTS: ideographs.in_parts,
    Kind.PINYIN: ideographs.in_latin_letters,
    Kind.INITIALS: ideographs.by_initials,
    Kind.TRADITIONAL: ideographs.in_older_form,
    Kind.OTHER_SCRIPTS: ideographs.in_other_scripts,
    Kind.PICTURES: pictures.in_pictures,
    Kind.CONFUSABLES: letters.in_look_alikes,
    Kind.STYLES: letters.in_other_styles,
    Kind.ACCENTS: letters.with_accents,
    Kind.FIGURES: letters.in_figures,
    Kind.CASE: letters.in_other_case,
    Kind.DIGITS: letters.digits_in_other_styles,
    Kind.NUMERALS: letters.digits_as_numerals,
    Kind.KEYS: letters.digits_as_keys,
    Kind.SEPARATORS: marks.with_separators,
    Kind.INVISIBLE: marks.with_invisible_points,
    Kind.MARKS: marks.with_more_marks,
    Kind.LINKS: marks.links_taken_apart,
}

VARIANT_WEIGHT = 0.5
"""A variant counts in training so much of its row: it says nothing new of the world, only of spelling."""

QUIET_SHARE = 4
"""Of so many rows of ordinary chat and talk one gets a variant: they are ten times as many as all others."""

_MANY = ("chat", "talk")
_UNUSED = ("pattern examples",)


def disguise(text: str, strength: Strength, seed: int) -> str:
    """The text as a sender of a certain taste would disguise it; a text without any place to do so stays as it is.

    The sender uses at most ``strength.kinds`` kinds, and changes ``strength.share`` of the places where one of them
    applies, at least one. Links are only taken apart, never misspelled: a sender wants them to work.
    """
    random = _generator(text, strength, seed)
    kinds = list(Kind)
    random.shuffle(kinds)
    chosen: list[Places] = []
    for kind in kinds:
        if len(chosen) < strength.kinds and (places := _places(kind, text, random)):
            chosen.append(places)
    return _dressed(text, chosen, strength.share, random)


def disguise_as(text: str, kind: Kind, strength: Strength, seed: int) -> str:
    """The text with one kind of disguise only, in the same share of its places."""
    random = _generator(text, strength, seed)
    return _dressed(text, [_places(kind, text, random)], strength.share, random)


def augment(rows: Sequence[Row], seed: int) -> Iterator[Row]:
    """Disguised variants of labelled rows to train on, beside the rows themselves.

    Two of each row that is judged, one strong and one light or medium, but one for every `QUIET_SHARE` rows of chat
    and talk. Quiet rows are disguised as scams are, so that a disguise alone says nothing. A variant keeps the id of
    its row, so that both stay on one side of every split, and is not judged; its weight is `VARIANT_WEIGHT` of the
    row's.
    """
    for row in rows:
        for strength in _strengths_for(row, seed):
            text = disguise(row.text, strength, seed)
            if text != row.text:
                yield replace(row, text=text, weight=row.weight * VARIANT_WEIGHT, judged=False)


def _strengths_for(row: Row, seed: int) -> Collection[Strength]:
    if not row.judged or row.group.startswith(_UNUSED) or row.group.endswith("(masked)"):
        return ()
    random = Random(f"{seed} {row.id}")  # noqa: S311 - reproducible variants, nothing to guess
    other = random.choice((Strength.LIGHT, Strength.MEDIUM))
    if not row.group.startswith(_MANY):
        return (Strength.STRONG, other)
    return (random.choice((Strength.STRONG, other)),) if random.randrange(QUIET_SHARE) == 0 else ()


def _generator(text: str, strength: Strength, seed: int) -> Random:
    return Random(f"{seed} {strength.name} {text}")  # noqa: S311 - reproducible disguises, nothing to guess


def _places(kind: Kind, text: str, random: Random) -> Places:
    """Where a kind applies, outside of links unless links are what it is about."""
    places = DRESSES[kind](text, random)
    if kind is Kind.LINKS:
        return places
    inside = {at for link in LINK.finditer(text) for at in range(*link.span())}
    return {begin: (end, new) for begin, (end, new) in places.items() if begin not in inside and end - 1 not in inside}


def _dressed(text: str, chosen: Sequence[Places], share: float, random: Random) -> str:
    """The text with a share of its places changed; where several kinds apply one is drawn."""
    begins = sorted(set().union(*chosen)) if chosen else []
    wanted = set(random.sample(begins, max(1, round(share * len(begins))))) if begins else set()
    pieces, done = [], 0
    for begin in sorted(wanted):
        if begin < done:
            continue
        end, new = random.choice([places[begin] for places in chosen if begin in places])
        pieces += [text[done:begin], new]
        done = end
    return "".join(pieces) + text[done:]
