"""The chain that people build today, stage by stage, to measure beside ours: what each library does best, no more.

unicodedata (NFKC and case) for folding, pyahocorasick for the phrases, expressions of the standard library for the
indicators, scikit-learn's HashingVectorizer over 1 to 3 characters with a linear model trained by SGD, datasketch for
MinHash. The libraries are no dependency of the program: they are in the group ``peers``. Each is used as its
documentation advises for speed: the vectoriser on all messages at once, MinHash in bulk.
"""

import importlib
import importlib.util
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tocsin.lab.bench.clock import Cost, cost_of, middle

LIBRARIES = {"sklearn": "scikit-learn", "ahocorasick": "pyahocorasick", "datasketch": "datasketch"}
"""Module and name of the package, of each library of the group ``peers``."""

TRAINED_ON = 5_000
SHINGLE = 4
PERMUTATIONS = 64
"""As many components as our fingerprint has."""

_NOT_LITERAL = re.compile(r"\\.|\[[^\]]*\]|\{[^}]*\}|[()|?*+.^$:=!<>\s]+")
_LEAST_PHRASE = 2

EXPRESSIONS = {
    "url": r"(?:https?|hxxps?)://[^\s<>\"'，。！？、）】]+",
    "domain": r"\b(?:[a-z0-9-]{1,63}\.)+(?:com|cn|net|org|top|vip|cc|xyz|me|info|shop|app|io|ru|in)\b",
    "ip": r"\b(?:\d{1,3}\.){3}\d{1,3}\b",
    "email": r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b",
    "phone": r"(?<!\d)(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)|(?<!\d)\+\d{1,3}(?:[ -]?\d{2,4}){2,4}(?!\d)",
    "service number": r"(?<!\d)(?:400[ -]?\d{3}[ -]?\d{4}|95\d{3,6}|106\d{5,17})(?!\d)",
    "card": r"(?<!\d)(?:\d[ -]?){12,18}\d(?!\d)",
    "wallet": r"\b(?:0x[0-9a-f]{40}|[13][1-9a-hj-np-z]{25,34}|bc1[0-9a-z]{11,71}|t[1-9a-hj-np-z]{33})\b",
    "wechat": r"(?:微信|薇信|威信|v信|wx|wechat|vx)[号:： ]{0,3}([a-z][\w-]{5,19})",
    "qq": r"(?:qq|扣扣|企鹅)[群号:： ]{0,3}([1-9]\d{4,10})",
    "telegram": r"(?:t\.me/|telegram[:： ]{0,3}@?|飞机[:： ]{0,3}@?|电报[:： ]{0,3}@?)(\w{5,32})",
    "whatsapp": r"(?:wa\.me/|whatsapp[:： ]{0,3})(\+?\d{7,15})",
    "line": r"(?:line(?:[ ]?id)?[:：\" ]{0,3}@?)([a-z0-9._-]{4,20})",
    "file hash": r"\b(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})\b",
}
"""What one would write for the kinds of indicators that we know, over folded text."""


class PeersError(Exception):
    """The libraries to compare with are not installed; the message says which, and how to get them."""


@dataclass(frozen=True, slots=True)
class PeerCosts:
    """Seconds of the peer of each of our stages, by the stage's name, over `messages`; and which library it is."""

    messages: int
    stages: dict[str, Cost]
    libraries: dict[str, str]

    @property
    def whole(self) -> Cost:
        """Of the chain of all peers."""
        return sum(self.stages.values(), start=Cost(0.0, 0.0))


def require_peers() -> None:
    """Raises PeersError where one of the libraries is not installed."""
    missing = [package for module, package in LIBRARIES.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise PeersError(
            f"--peers needs {', '.join(missing)}: install the dependency group peers (uv sync --group peers)"
        )


def phrases_of(expressions: Sequence[str]) -> list[str]:
    """The literal words of expressions, each once: what a list of phrases in their place would hold."""
    words = {word for expression in expressions for word in _NOT_LITERAL.split(expression)}
    return sorted(word for word in words if len(word) >= _LEAST_PHRASE)


def measure_peers(texts: Sequence[str], labels: NDArray[np.bool_], phrases: Sequence[str], rounds: int) -> PeerCosts:
    """Measure each peer on the same messages. Raises PeersError.

    labels: which messages are harms, for the linear model; it only learns from the first `TRAINED_ON`.
    """
    require_peers()
    folded = _fold(texts)
    chain: dict[str, tuple[str, Callable[[], object]]] = {
        "fold": ("unicodedata", lambda: _fold(texts)),
        "patterns": ("pyahocorasick", _phrase_search(phrases, folded)),
        "indicators": ("re", _expression_search(folded)),
        "classifier": ("scikit-learn", _linear_model(folded, labels)),
        "fingerprint": ("datasketch", _min_hash(folded)),
    }
    costs = {name: middle([cost_of(act) for _ in range(rounds)]) for name, (_, act) in chain.items()}
    return PeerCosts(len(texts), costs, {name: library for name, (library, _) in chain.items()})


def _fold(texts: Sequence[str]) -> list[str]:
    return [unicodedata.normalize("NFKC", text).casefold() for text in texts]


def _phrase_search(phrases: Sequence[str], texts: Sequence[str]) -> Callable[[], object]:
    automaton: Any = importlib.import_module("ahocorasick").Automaton()
    for number, phrase in enumerate(phrases):
        automaton.add_word(phrase, number)
    automaton.make_automaton()
    return lambda: [list(automaton.iter(text)) for text in texts]


def _expression_search(texts: Sequence[str]) -> Callable[[], object]:
    compiled = [(kind, re.compile(expression, re.IGNORECASE)) for kind, expression in EXPRESSIONS.items()]
    return lambda: [
        [(kind, found.span()) for kind, expression in compiled for found in expression.finditer(text)] for text in texts
    ]


def _linear_model(texts: Sequence[str], labels: NDArray[np.bool_]) -> Callable[[], object]:
    vectorizer: Any = importlib.import_module("sklearn.feature_extraction.text").HashingVectorizer(
        analyzer="char", ngram_range=(1, 3), n_features=2**20, lowercase=False
    )
    model: Any = importlib.import_module("sklearn.linear_model").SGDClassifier(loss="log_loss", random_state=1)
    model.fit(vectorizer.transform(texts[:TRAINED_ON]), labels[:TRAINED_ON])
    return lambda: model.predict_proba(vectorizer.transform(texts))


def _min_hash(texts: Sequence[str]) -> Callable[[], object]:
    sketches: Any = importlib.import_module("datasketch").MinHash
    return lambda: sketches.bulk([_shingles(text) for text in texts], num_perm=PERMUTATIONS)


def _shingles(text: str) -> list[bytes]:
    return [text[at : at + SHINGLE].encode() for at in range(max(1, len(text) - SHINGLE + 1))]
