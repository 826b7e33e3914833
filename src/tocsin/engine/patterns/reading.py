"""Pattern files: from TOML to `Pattern`, with every mistake named by file, pattern and what is wrong.

What a file must say is checked here; whether an expression matches its own examples is checked in ``checking``, which
needs the fold and a compiled automaton.
"""

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from tocsin.engine.harms import Harm

FOLDER = Path(__file__).parent
"""Where the bundled tables lie."""

QUIET_FOLDER = "quiet"
LANGUAGES = ("zh", "en")
FEWEST_EXAMPLES = 2

_KEYS = {"id", "match", "strength", "reason", "hits", "misses"}
_ID = re.compile(r"([a-z_]+)\.(zh|en)\.[a-z0-9]+(?:-[a-z0-9]+)*")
_MACRO = re.compile(r"\{([a-z_]+)\}")
_BANNED = {
    "look-around, back-reference or possessive repeat is not allowed": re.compile(r"\(\?[=!<]|\\[1-9]|[*+?}]\+"),
    "an unbounded .* or .+ is not allowed": re.compile(r"(?<!\\)\.[*+]"),
    "folded text has no upper case": re.compile(r"(?<!\\)[A-Z]"),
}
_NEGATED = {r"\S": "[^ ]", r"\W": "[^a-z0-9_]", r"\D": "[^0-9]"}
_NESTED = re.compile(r"\[[^\]]*\\[DSW]")
_MACRO_DEPTH = 5


class Strength(StrEnum):
    """What a hit is worth: enough alone, only a part of the sum, or a reason to stay quiet."""

    STRONG = "strong"
    HINT = "hint"
    CALM = "calm"


class PatternError(Exception):
    """Pattern files with mistakes. ``problems``: one line each, ``file: id: what``."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Pattern:
    """One reviewed expression over folded text.

    harm: what it speaks for, or None where it is calm.  expression: with all macros expanded, hyperscan syntax.
    hits, misses: messages, unfolded, that it must and must not match.
    """

    id: str
    harm: Harm | None
    language: str
    strength: Strength
    expression: str
    reason_zh: str
    reason_en: str
    hits: tuple[str, ...]
    misses: tuple[str, ...]


def read_folder(folder: Path = FOLDER) -> tuple[Pattern, ...]:
    """All patterns of a folder, in the order of file name and position. Raises PatternError naming every mistake."""
    macros = read_macros((folder / "macros.txt").read_text(encoding="utf-8"))
    patterns: list[Pattern] = []
    problems: list[str] = []
    for path in pattern_paths(folder):
        try:
            name = f"{path.parent.name}/{path.name}"
            patterns += read_pattern_text(name, path.read_text(encoding="utf-8"), macros)
        except PatternError as error:
            problems += error.problems
    problems += _duplicates(patterns)
    if problems:
        raise PatternError(problems)
    return tuple(patterns)


def pattern_paths(folder: Path = FOLDER) -> list[Path]:
    """Every pattern file of a folder, sorted so that an order of patterns is the same on every machine."""
    return [path for room in (*LANGUAGES, QUIET_FOLDER) for path in sorted((folder / room).glob("*.toml"))]


def read_macros(text: str) -> dict[str, str]:
    """``name = expression`` lines as a dictionary; blank lines and comments are skipped."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    pairs = [line.partition("=") for line in lines]
    return {name.strip(): body.strip() for name, _, body in pairs}


def read_pattern_text(file: str, text: str, macros: dict[str, str]) -> list[Pattern]:
    """The patterns of one file, given as ``room/stem.toml`` and its text. Raises PatternError naming every mistake."""
    room, _, base = file.partition("/")
    stem = base.removesuffix(".toml")
    if room in LANGUAGES and stem not in {str(harm) for harm in Harm}:
        raise PatternError([f"{file}: no harm is called {stem!r}"])
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PatternError([f"{file}: not TOML: {error}"]) from error
    if set(document) - {"pattern"}:
        raise PatternError([f"{file}: unknown table {min(set(document) - {'pattern'})!r}"])
    patterns: list[Pattern] = []
    problems: list[str] = []
    for entry in document.get("pattern", []):
        wrong = _mistakes(room, stem, entry, macros)
        problems += [f"{file}: {entry.get('id', '(no id)')}: {what}" for what in wrong]
        if not wrong:
            patterns.append(_pattern(room, entry, macros))
    problems += [f"{file}: {line}" for line in _duplicates(patterns)]
    if problems:
        raise PatternError(problems)
    return patterns


def expand(expression: str, macros: dict[str, str]) -> str:
    r"""The expression with each ``{name}`` replaced by its macro in a group. Raises KeyError for an unknown name.

    Messages are scanned one behind the other with a newline between them, and folded text has no white space but single
    spaces: so ``\s`` becomes a space, and a negated class does not hold the newline.
    """
    for _ in range(_MACRO_DEPTH):
        wider = _MACRO.sub(lambda found: f"(?:{macros[found[1]]})", expression)
        if wider == expression:
            break
        expression = wider
    for name, meaning in _NEGATED.items():
        expression = expression.replace(name, meaning)
    return expression.replace(r"\s", " ").replace("[^", r"[^\n")


def _pattern(room: str, entry: dict[str, Any], macros: dict[str, str]) -> Pattern:
    harm, language, _ = entry["id"].split(".")
    return Pattern(
        id=entry["id"],
        harm=None if room == QUIET_FOLDER else Harm(harm),
        language=language,
        strength=Strength(entry["strength"]),
        expression=expand(entry["match"], macros),
        reason_zh=entry["reason"]["zh"],
        reason_en=entry["reason"]["en"],
        hits=tuple(entry["hits"]),
        misses=tuple(entry["misses"]),
    )


def _mistakes(room: str, stem: str, entry: dict[str, Any], macros: dict[str, str]) -> list[str]:
    missing, unknown = _KEYS - set(entry), set(entry) - _KEYS
    if missing or unknown:
        return [f"{key} is missing" for key in sorted(missing)] + [f"unknown key {key!r}" for key in sorted(unknown)]
    wrong = _mistakes_of_name(room, stem, str(entry["id"]))
    wrong += _mistakes_of_strength(room, entry["strength"])
    wrong += _mistakes_of_words(entry)
    wrong += _mistakes_of_expression(str(entry["match"]), macros)
    return wrong


def _mistakes_of_name(room: str, stem: str, identifier: str) -> list[str]:
    parts = _ID.fullmatch(identifier)
    if parts is None:
        return ["id is not <name>.<zh|en>.<slug>"]
    name, language = (QUIET_FOLDER, stem) if room == QUIET_FOLDER else (stem, room)
    wrong = [] if parts[1] == name else [f"id does not begin with {name}."]
    if parts[2] != language:
        wrong.append(f"id says {parts[2]} in a file for {language}")
    return wrong


def _mistakes_of_strength(room: str, strength: object) -> list[str]:
    allowed = {Strength.CALM} if room == QUIET_FOLDER else {Strength.STRONG, Strength.HINT}
    if strength in allowed:
        return []
    return [f"strength is {strength!r}, not {' or '.join(sorted(allowed))}"]


def _mistakes_of_words(entry: dict[str, Any]) -> list[str]:
    wrong = []
    reason = entry["reason"]
    if not (isinstance(reason, dict) and reason.get("zh") and reason.get("en")):
        wrong.append("reason needs zh and en")
    few = [key for key in ("hits", "misses") if not isinstance(entry[key], list) or len(entry[key]) < FEWEST_EXAMPLES]
    return wrong + [f"needs at least {FEWEST_EXAMPLES} {key}" for key in few]


def _mistakes_of_expression(match: str, macros: dict[str, str]) -> list[str]:
    if _NESTED.search(match):
        return [r"\D, \S and \W inside a class are not allowed"]
    try:
        expression = expand(match, macros)
    except KeyError as error:
        return [f"no macro is called {error.args[0]!r}"]
    banned = [what for what, sign in _BANNED.items() if sign.search(expression)]
    if banned:
        return banned
    try:
        compiled = re.compile(expression)
    except re.error as error:
        return [f"does not compile: {error}"]
    return ["matches the empty text"] if compiled.match("") else []


def _duplicates(patterns: list[Pattern]) -> list[str]:
    seen: set[str] = set()
    twice = []
    for pattern in patterns:
        if pattern.id in seen:
            twice.append(f"{pattern.id}: the id is used twice")
        seen.add(pattern.id)
    return twice
