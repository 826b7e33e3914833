"""Whether an unknown host passes itself off as a protected brand, and as which.

What is here: the labels by which brands are recognised, and the rules that compare a host with them. What is not: who
is known-good, and what the message around the link says (``judge.py``).

The rules, from the surest: a brand's whole domain in front of another (``icbc.com.cn.abc.example``), an ending that
goes on (``usps.com-track.example``), the brand's name beside words of an impostor (``secure-icbc-login.example``),
its spelling with digits or letters exchanged (``paypa1.example``), one letter too many, too few or wrong in a long
name. A name that is an everyday word (apple, chase) needs words that ask for a secret beside it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from tocsin.engine.links.brands import Brand
from tocsin.engine.links.findings import Code
from tocsin.engine.links.hosts import RESERVED, Anatomy, HostTable, looks, looks_joined, plain_label
from tocsin.engine.patterns import Strength

_LONG = 8
"""From this length on one wrong letter is enough; below, only where it is a doubled, dropped or swapped neighbour."""

_SHORTEST, _SHORTEST_EDIT = 3, 6
_DISTINCT = 4
"""Labels shorter than this say little alone."""

_MOST_TOKENS = 4
_PLAIN_NUMBERS = frozenset({"12345", "10000", "10001"})
"""Service numbers that are round numbers to everyone else."""

_ENDINGS = frozenset({"com", "cn", "net", "org", "gov", "co"})
_TELLING_ENDINGS = frozenset({"com", "gov"})
_FRONT = frozenset({"www", "m", "wap", "h5", "mail", "shop", "blog", "en"})


class Resemblance(NamedTuple):
    """What a host passes itself off as: code, strength, index of the brand or -1."""

    code: Code
    strength: Strength
    brand: int


class Label(NamedTuple):
    """One spelling that stands for a brand in hosts. ordinary: an everyday word, or too short to mean much."""

    text: str
    brand: int
    ordinary: bool


class _Match(NamedTuple):
    """A label found in a host: how it is spelled there, and the words that stand beside it."""

    label: Label
    spelling: str
    rest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Labels:
    """All labels of all brands, by how they look, and by what is left when one letter is taken out.

    sharp: by look with the letter i kept apart (see `hosts.looks`).  blurred: by look.  edits: for long labels.
    domains: official domain → brand.
    """

    brands: tuple[Brand, ...]
    hosts: HostTable
    exact: Mapping[str, Label]
    blurred: Mapping[str, Label]
    edits: Mapping[str, tuple[Label, ...]]
    domains: Mapping[str, int]


def build_labels(brands: tuple[Brand, ...], hosts: HostTable) -> Labels:
    """Collect the labels: first labels of official domains, Latin names written together, service numbers."""
    exact: dict[str, Label] = {}
    words = hosts["word"] | hosts["strict"] | hosts["retail"]
    for number, brand in enumerate(brands):
        ordinary = {_compact(name.text) for name in brand.names if name.ordinary}
        for text in dict.fromkeys(_spellings(brand)):
            if len(text) >= _SHORTEST and text not in words:
                common = text in ordinary or text in hosts["common"] or _is_meagre(text, hosts)
                exact.setdefault(text, Label(text, number, common))
    blurred: dict[str, Label] = {}
    edits: dict[str, list[Label]] = {}
    for label in exact.values():
        if len(label.text) >= _DISTINCT:
            blurred.setdefault(looks_joined(label.text), label)
        if _bears_edits(label):
            for shorter in {label.text, *_shortened(label.text)}:
                edits.setdefault(shorter, []).append(label)
    domains = {domain.host: number for number, brand in enumerate(brands) for domain in brand.domains}
    return Labels(brands, hosts, exact, blurred, {key: tuple(found) for key, found in edits.items()}, domains)


def resembles(host: Anatomy, labels: Labels) -> Resemblance | None:
    """The surest resemblance of an unknown host, or None."""
    found = _in_front(host, labels) or _dangling(host, labels)
    if found:
        return found
    best = _better(_of_label(host.label, host, labels), None)
    for label in host.before:
        if label not in _FRONT:
            best = _better(best, _of_subdomain(label, host, labels))
    return best


def _better(first: Resemblance | None, second: Resemblance | None) -> Resemblance | None:
    if first and (second is None or first.strength is Strength.STRONG or second.strength is Strength.HINT):
        return first
    return second


def _in_front(host: Anatomy, labels: Labels) -> Resemblance | None:
    """An official domain among the labels in front of the registered one."""
    before = host.before
    for size in (4, 3, 2):
        for begin in range(len(before) - size + 1):
            brand = labels.domains.get(".".join(before[begin : begin + size]))
            if brand is not None:
                return Resemblance(Code.SUBDOMAIN, Strength.STRONG, brand)
    return None


def _dangling(host: Anatomy, labels: Labels) -> Resemblance | None:
    """``usps.com-track.example``: what reads as an ending is the beginning of the registered label."""
    head, hyphen, _ = host.label.partition("-")
    if not hyphen or head not in _ENDINGS or not host.before:
        return None
    for size in (3, 2, 1):
        brand = labels.domains.get(".".join((*host.before[-size:], head)))
        if brand is not None:
            return Resemblance(Code.SUFFIX, Strength.STRONG, brand)
    if head in _TELLING_ENDINGS and host.before[-1] not in _FRONT:
        label = labels.exact.get(host.before[-1])
        return Resemblance(Code.SUFFIX, Strength.STRONG, label.brand if label else -1)
    return None


def _of_label(label: str, host: Anatomy, labels: Labels) -> Resemblance | None:
    """The registered label itself."""
    plain = plain_label(label)
    foreign = plain != label
    if foreign and not plain.isascii():
        mixed = any(letter.isascii() and letter.isalpha() for letter in plain) and label.startswith("xn--")
        return Resemblance(Code.HOMOGRAPH, Strength.HINT, -1) if mixed and _is_mixed(label) else None
    best = None
    for match in _matches(plain, labels):
        best = _better(best, _of_match(match, host, labels))
    best = _better(best, _one_letter_off(plain, labels))
    if not foreign:
        return best
    if imitated := labels.exact.get(plain.replace("-", "")):
        return Resemblance(Code.HOMOGRAPH, Strength.STRONG, imitated.brand)
    return best._replace(code=Code.HOMOGRAPH) if best else Resemblance(Code.HOMOGRAPH, Strength.HINT, -1)


def _of_subdomain(label: str, host: Anatomy, labels: Labels) -> Resemblance | None:
    """A brand's name in front of a stranger's domain; shops have such names for their agreements with platforms too."""
    own = _words(label)
    for match in _matches(label, labels):
        if match.label.ordinary or len(match.label.text) < _DISTINCT or match.spelling != match.label.text:
            continue
        words = {*own, *_words(host.label), *(word for each in host.before for word in _words(each))} - {match.spelling}
        asks = bool(words & labels.hosts["strict"]) or len(words & labels.hosts["word"]) > 1
        if asks or (_is_cheap(host, labels) and words & labels.hosts["word"]):
            return Resemblance(Code.BORROWED, Strength.STRONG, match.label.brand)
        if labels.brands[match.label.brand].guarded:
            return Resemblance(Code.BORROWED, Strength.HINT, match.label.brand)
    return None


def _matches(label: str, labels: Labels) -> Iterator[_Match]:
    """Every place in a host's label where a brand's label, or what looks like one, stands between hyphens or words."""
    words = _words(label)
    for size in range(min(len(words), _MOST_TOKENS), 0, -1):
        for begin in range(len(words) - size + 1):
            spelling = "".join(words[begin : begin + size])
            found = _looked_up(spelling, labels)
            rest = (*words[:begin], *words[begin + size :])
            if found:
                yield _Match(found, spelling, rest)
            elif size == 1:
                yield from _glued(spelling, rest, labels)


def _looked_up(spelling: str, labels: Labels) -> Label | None:
    found = labels.exact.get(spelling)
    if found or len(spelling) < _DISTINCT or spelling in labels.hosts["ordinary"]:
        return found
    found = labels.blurred.get(looks_joined(spelling))
    if found is None or spelling.isdigit():
        return None
    # the letter l for i is only told from an innocent word where the name is long or distinct
    return (
        None if found.ordinary and looks(found.text, digits_only=True) != looks(spelling, digits_only=True) else found
    )


def _glued(word: str, rest: tuple[str, ...], labels: Labels) -> Iterator[_Match]:
    """``icbclogin``, ``myalipay``: a label and known words or digits without a hyphen between them."""
    for place in range(_DISTINCT, len(word) - 1):
        for spelling, other in ((word[:place], word[place:]), (word[-place:], word[:-place])):
            found = labels.exact.get(spelling) or _looked_up_digits(spelling, labels)
            if found and (not found.ordinary or len(found.text) > _DISTINCT) and (parts := _covered(other, labels)):
                yield _Match(found, spelling, (*parts, *rest))


def _looked_up_digits(spelling: str, labels: Labels) -> Label | None:
    """Inside a longer word only digits are exchanged for letters: letters for letters meet by chance."""
    if spelling.isdigit() or not any(letter.isdigit() for letter in spelling):
        return None
    found = labels.blurred.get(looks(spelling))
    return found if found and len(found.text) == len(spelling) and not found.text.isdigit() else None


def _covered(word: str, labels: Labels) -> tuple[str, ...]:
    """A word as one or two known words or digits; empty where it is anything else."""
    known = labels.hosts["strict"] | labels.hosts["word"] | labels.hosts["retail"]
    if word in known or word.isdigit():
        return (word,)
    for place in range(2, len(word) - 1):
        if (word[:place] in known or word[:place].isdigit()) and (word[place:] in known or word[place:].isdigit()):
            return word[:place], word[place:]
    return ()


def _of_match(match: _Match, host: Anatomy, labels: Labels) -> Resemblance | None:
    """Weigh a label found in the registered label of a host."""
    brand = match.label.brand
    rest = [part for word in match.rest for part in (_covered(word, labels) or (word,))]
    strict = sum(word in labels.hosts["strict"] for word in rest)
    words = sum(_is_word(word, labels.brands[brand], labels) for word in rest)
    retail = sum(word in labels.hosts["retail"] for word in rest)
    cheap = _is_cheap(host, labels)
    if match.spelling != match.label.text:
        sure = len(match.spelling) > _DISTINCT or strict + words + cheap > 0 or any(map(str.isdigit, match.spelling))
        return Resemblance(Code.LOOKALIKE, Strength.STRONG if sure else Strength.HINT, brand)
    strength = (
        _weigh_ordinary(match, strict, words)
        if match.label.ordinary
        else _weigh(match, labels.brands[brand], host, (strict, words, retail, cheap))
    )
    return Resemblance(Code.BORROWED, strength, brand) if strength else None


def _is_cheap(host: Anatomy, labels: Labels) -> bool:
    """Whether an ending is one that is bought in bulk; a reserved one belongs to nobody's brand either."""
    return host.suffix in labels.hosts["cheap"] or host.suffix in RESERVED


def _is_word(word: str, brand: Brand, labels: Labels) -> bool:
    """Whether a word beside a brand's name is an impostor's: of the list, digits, or the brand's own service number."""
    return word in labels.hosts["word"] or word in brand.numbers or (word.isdigit() and len(word) > 1)


def _weigh_ordinary(match: _Match, strict: int, words: int) -> Strength | None:
    """An everyday word is a brand only beside words that ask for a secret."""
    if strict and (strict + words > 1 or len(match.label.text) > _DISTINCT):
        return Strength.STRONG
    return Strength.HINT if strict or words > 1 else None


def _weigh(match: _Match, brand: Brand, host: Anatomy, counts: tuple[int, int, int, bool]) -> Strength | None:
    """A name that hardly stands for anything else."""
    strict, words, retail, cheap = counts
    long = len(match.label.text) >= _DISTINCT
    if not match.rest:
        return _weigh_alone(match, brand, host, cheap=cheap)
    if strict or (words and (long or cheap or words > 1)):
        return Strength.STRONG
    if retail and brand.guarded and long:
        return Strength.STRONG
    return Strength.HINT if words or len(match.label.text) > _DISTINCT else None


def _weigh_alone(match: _Match, brand: Brand, host: Anatomy, *, cheap: bool) -> Strength | None:
    """The bare name under an ending that the table does not know: often the brand's own, unless the ending is cheap."""
    if host.free:
        return Strength.HINT if brand.guarded else None
    if not cheap:
        return None
    return Strength.STRONG if brand.guarded and len(match.label.text) >= _DISTINCT else Strength.HINT


def _one_letter_off(label: str, labels: Labels) -> Resemblance | None:
    """A long name with one letter wrong, alone or beside words of an impostor."""
    best = None
    words = _words(label)
    spellings: dict[str, tuple[str, ...]] = {word: (*words[:at], *words[at + 1 :]) for at, word in enumerate(words)}
    if not any(word in labels.exact for word in words):
        spellings[label.replace("-", "")] = ()
    for spelling, rest in spellings.items():
        if len(spelling) < _SHORTEST_EDIT - 1 or spelling in labels.exact or spelling in labels.hosts["ordinary"]:
            continue
        beside = [word for word in rest if word in labels.hosts["strict"] or word in labels.hosts["word"]]
        if rest and not beside:
            continue
        for candidate in _neighbours(spelling, labels):
            sure = _is_slip(candidate.text, spelling) or len(candidate.text) >= _LONG or bool(beside)
            if not sure and len(candidate.text) == _SHORTEST_EDIT:
                continue
            best = _better(
                best, Resemblance(Code.LOOKALIKE, Strength.STRONG if sure else Strength.HINT, candidate.brand)
            )
    return best


def _neighbours(spelling: str, labels: Labels) -> Iterator[Label]:
    """Labels at an edit distance of one; swapped neighbours count as one."""
    for shorter in (spelling, *_shortened(spelling)):
        for candidate in labels.edits.get(shorter, ()):
            if _distance_is_one(candidate.text, spelling):
                yield candidate


def _distance_is_one(first: str, second: str) -> bool:
    if first == second or abs(len(first) - len(second)) > 1:
        return False
    start = 0
    while start < min(len(first), len(second)) and first[start] == second[start]:
        start += 1
    a, b = first[start:], second[start:]
    if len(a) == len(b):
        return a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])
    longer, shorter = (a, b) if len(a) > len(b) else (b, a)
    return longer[1:] == shorter


def _is_slip(name: str, spelling: str) -> bool:
    """Whether a spelling differs by what fingers do and eyes miss: a doubled, undoubled or swapped letter."""
    if len(name) == len(spelling):
        return sorted(name) == sorted(spelling)
    longer, shorter = (name, spelling) if len(name) > len(spelling) else (spelling, name)
    place = next((at for at, (a, b) in enumerate(zip(longer, shorter, strict=False)) if a != b), len(shorter))
    return place > 0 and longer[place] == longer[place - 1]


def _shortened(text: str) -> Iterable[str]:
    return {text[:place] + text[place + 1 :] for place in range(len(text))}


def _words(label: str) -> list[str]:
    return [word for word in label.replace("_", "-").split("-") if word]


def _is_mixed(label: str) -> bool:
    """Whether a label in punycode has letters of two scripts of which one only looks like the other."""
    try:
        text = label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return False
    scripts = {"latin" if ord(letter) < 0x250 else "greek" if ord(letter) < 0x400 else "cyrillic" if ord(letter) < 0x530
               else "other" for letter in text if letter.isalpha()}  # fmt: skip
    return len(scripts & {"latin", "greek", "cyrillic"}) > 1


def is_odd(host: Anatomy, labels: Labels) -> bool:
    """Whether a host is made oddly in two ways at once: many hyphens, great length, random letters, a cheap ending."""
    label = host.label
    if not label.isascii():
        return False
    kinds = [letter.isdigit() for letter in label.replace("-", "")]
    changes = sum(first != second for first, second in pairwise(kinds))
    signs = [
        label.count("-") > 1,
        label.count("-") > 2,
        len(label) > 20,
        changes > 2 or _longest_without_vowel(label) > 5,
        host.suffix in labels.hosts["cheap"],
        bool(set(_words(label)) & labels.hosts["strict"]),
        len(host.before) > 3,
    ]
    return sum(signs) > 1


def _longest_without_vowel(label: str) -> int:
    longest = run = 0
    for letter in label:
        run = run + 1 if letter.isalpha() and letter not in "aeiouy" else 0
        longest = max(longest, run)
    return longest


def _spellings(brand: Brand) -> Iterator[str]:
    """How a brand may stand in a host."""
    for domain in brand.domains:
        yield domain.host.partition(".")[0].replace("-", "")
    for name in brand.names:
        yield _compact(name.text)
    for number in brand.numbers:
        if 5 <= len(number) <= 6 and number not in _PLAIN_NUMBERS:
            yield number


def _bears_edits(label: Label) -> bool:
    """Whether one wrong letter still points at the brand: not in numbers, nor in the initials before a short "bank"."""
    if len(label.text) < _SHORTEST_EDIT or label.ordinary or label.text.isdigit():
        return False
    return not (label.text.endswith("bank") and len(label.text) <= _LONG)


def _is_meagre(text: str, hosts: HostTable) -> bool:
    """Too little to stand for a brand: three letters, unless the table says otherwise, or four digits."""
    return (len(text) < _DISTINCT and text not in hosts["short"]) or (text.isdigit() and len(text) < 5)


def _compact(name: str) -> str:
    """A Latin name written together in small letters; empty where it has other letters."""
    compact = "".join(letter for letter in name.lower() if letter.isalnum())
    return compact if compact.isascii() else ""
