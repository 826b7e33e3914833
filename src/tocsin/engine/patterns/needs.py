"""Which words a message must hold before an expression can match it: read off the expression, without matching.

A chain is what one way through an expression needs: of each of its sets of words at least one, in this order. The
chains of an expression are all ways through it, so a message that satisfies none of them cannot match. What is left out
(repeats, wide classes, edges) makes a chain weaker, never wrong. Looking for the words is the task of ``screen``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

_MOST_WORDS, _LONGEST_WORD = 160, 16
"""Sets of words are joined to sets of longer words as long as they do not outgrow this."""

_MOST_CHAINS = 24
_WIDE_CLASS = 20
_UNBOUNDED = 1 << 30
_EMPTY = frozenset({""})
_EDGES = "bBAzZ"
_CLASSES = {"d": frozenset("0123456789"), "s": frozenset(" "), "n": frozenset("\n"), "t": frozenset("\t"), "w": None}

Words = frozenset[str]
Chain = tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Need:
    """What a piece of an expression needs.

    words: all texts that it matches, or None where there are too many.  chains: used where words is None.  width: code
    points of the longest text that it matches.
    """

    words: Words | None
    chains: tuple[Chain, ...]
    width: int

    def ways(self) -> tuple[Chain, ...]:
        """The chains of this piece; one empty chain where nothing can be said."""
        if self.words is None:
            return self.chains
        return ((self.words,),) if "" not in self.words else ((),)


_NO_CHAIN: tuple[Chain, ...] = ((),)
_ANY_LETTER = Need(None, _NO_CHAIN, 1)
_EDGE = Need(_EMPTY, (), 0)


def needs_of(expression: str) -> tuple[tuple[Chain, ...], int]:
    """The chains of an expression, one empty chain where nothing can be said of it, and its width.

    Raises ValueError for syntax that is not understood.
    """
    reader = _Reader(expression)
    need = reader.alternatives()
    if reader.place != len(expression):
        raise ValueError(f"cannot read {expression!r} from {reader.place} on")
    chains = dict.fromkeys(tuple(_thinned(words) for words in chain) for chain in need.ways())
    return tuple(chains), need.width


class _Reader:
    """A recursive descent over the syntax that pattern files may use."""

    def __init__(self, expression: str) -> None:
        self.text = expression
        self.place = 0

    def peek(self) -> str:
        return self.text[self.place : self.place + 1]

    def take(self) -> str:
        letter = self.peek()
        if not letter:
            raise ValueError(f"{self.text!r} ends too early")
        self.place += 1
        return letter

    def alternatives(self) -> Need:
        several = [self.sequence()]
        while self.peek() == "|":
            self.place += 1
            several.append(self.sequence())
        return _either(several)

    def sequence(self) -> Need:
        pieces = []
        while self.peek() not in {"", "|", ")"}:
            pieces.append(self.repeated(self.piece()))
        return _joined(pieces)

    def piece(self) -> Need:
        letter = self.take()
        if letter == "(":
            return self.group()
        if letter == "[":
            return self.letter_class()
        if letter == ".":
            return _ANY_LETTER
        if letter in "^$":
            return _EDGE
        if letter == "\\":
            return self.escape()
        if letter in "*+?{":
            raise ValueError(f"{self.text!r}: nothing to repeat")
        return Need(frozenset(letter), (), 1)

    def group(self) -> Need:
        if self.peek() == "?":
            self.place += 1
            if self.take() != ":":
                raise ValueError(f"{self.text!r}: only plain groups are read")
        need = self.alternatives()
        if self.take() != ")":
            raise ValueError(f"{self.text!r}: a group is not closed")
        return need

    def escape(self) -> Need:
        letter = self.take()
        if letter in _EDGES:
            return _EDGE
        if not letter.isalnum():
            return Need(frozenset(letter), (), 1)
        if letter not in _CLASSES:
            raise ValueError(f"{self.text!r}: \\{letter} is not read")
        return Need(_CLASSES[letter], _NO_CHAIN, 1)

    def letter_class(self) -> Need:
        letters: set[str] | None = set()
        if self.peek() == "^":
            self.place += 1
            letters = None
        first = True
        while first or self.peek() != "]":
            first = False
            members = self.class_members()
            letters = letters | members if letters is not None and members is not None else None
        self.place += 1
        if letters is None or len(letters) > _WIDE_CLASS:
            return _ANY_LETTER
        return Need(frozenset(letters), (), 1)

    def class_members(self) -> Words | None:
        letter = self.class_letter()
        if letter is None or len(letter) > 1:
            return letter
        if self.peek() == "-" and self.text[self.place + 1 : self.place + 2] not in {"]", ""}:
            self.place += 1
            last = self.class_letter()
            if last is None or len(last) != 1:
                raise ValueError(f"{self.text!r}: a range without an end")
            low, high = ord(min(letter)), ord(min(last))
            return frozenset(map(chr, range(low, high + 1))) if high - low <= _WIDE_CLASS else None
        return letter

    def class_letter(self) -> Words | None:
        letter = self.take()
        if letter != "\\":
            return frozenset(letter)
        letter = self.take()
        if not letter.isalnum():
            return frozenset(letter)
        if letter not in _CLASSES:
            raise ValueError(f"{self.text!r}: \\{letter} is not read")
        return _CLASSES[letter]

    def repeated(self, need: Need) -> Need:
        low, high = self.counts()
        if (low, high) == (1, 1):
            return need
        width = min(_UNBOUNDED, need.width * high)
        if low == 0:
            words = need.words | _EMPTY if need.words is not None and high == 1 else None
            return Need(words, _NO_CHAIN, width)
        if need.words is not None and low == high and len(need.words) ** low <= _MOST_WORDS:
            return _joined([need] * low)
        return Need(None, need.ways(), width)

    def counts(self) -> tuple[int, int]:
        letter = self.peek()
        if letter not in {"?", "*", "+", "{"}:
            return 1, 1
        self.place += 1
        if letter == "{":
            body, _, rest = self.text[self.place :].partition("}")
            self.place = len(self.text) - len(rest)
            low, comma, high = body.partition(",")
            counts = int(low), (int(high) if high else _UNBOUNDED) if comma else int(low)
        else:
            counts = {"?": (0, 1), "*": (0, _UNBOUNDED), "+": (1, _UNBOUNDED)}[letter]
        if self.peek() == "?":
            self.place += 1
        return counts


def _either(several: Sequence[Need]) -> Need:
    """What all of several ways need: sets of words alone are put together to one set."""
    if len(several) == 1:
        return several[0]
    width = max(need.width for need in several)
    words = [need.words for need in several if need.words is not None]
    if len(words) == len(several):
        return Need(frozenset().union(*words), (), width)
    chains = [chain for need in several for chain in need.ways()]
    if () in chains:
        return Need(None, _NO_CHAIN, width)
    single = frozenset[str]().union(*(chain[0] for chain in chains if len(chain) == 1))
    longer = [chain for chain in chains if len(chain) > 1]
    return Need(None, tuple(([(single,)] if single else []) + longer), width)


def _joined(pieces: Sequence[Need]) -> Need:
    """One piece after another: words grow together as long as they stay few."""
    width = min(_UNBOUNDED, sum(need.width for need in pieces))
    chains: list[Chain] = [()]
    words, whole = _EMPTY, True
    for need in pieces:
        if need.words is not None and _few(words, need.words):
            words = frozenset(one + other for one in words for other in need.words)
            continue
        whole = False
        chains = _followed(chains, ((words,),))
        if need.words is None:
            chains = _followed(chains, need.chains)
        words = _EMPTY if need.words is None else need.words
    return Need(words, (), width) if whole else Need(None, tuple(_followed(chains, ((words,),))), width)


def _few(words: Words, more: Words) -> bool:
    longest = max(map(len, words)) + max(map(len, more))
    return len(words) * len(more) <= _MOST_WORDS and longest <= _LONGEST_WORD


def _followed(chains: Sequence[Chain], more: Sequence[Chain]) -> list[Chain]:
    """Every way of going on; where these are too many, what follows is weakened to one set of words, or left out."""
    following = [tuple(words for words in chain if words and "" not in words) for chain in more]
    if len(chains) * len(following) > _MOST_CHAINS:
        if () in following:
            return list(chains)
        following = [(frozenset[str]().union(*(max(chain, key=worth) for chain in following)),)]
    return [chain + other for chain in chains for other in following]


def worth(words: Words) -> tuple[int, int]:
    """How much it tells that one of these words is there: its least word's length, an ideograph counting twice."""
    return min(sum(2 if letter > "\x7f" else 1 for letter in word) for word in words), -len(words)


def _thinned(words: Words) -> Words:
    """Without words that hold another one of the set: whoever finds them finds that one."""
    return frozenset(word for word in words if not any(other in word for other in words if other != word))
