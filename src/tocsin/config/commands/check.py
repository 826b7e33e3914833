"""``tocsin check``: one message, one assessment, for a person or as JSON. Needs no database and no network."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tocsin.config.command import EXIT_DONE, CommandError
from tocsin.engine.detector import Detector
from tocsin.engine.fingerprint import encode
from tocsin.engine.harms import HARM_NAMES
from tocsin.engine.pictures import PictureError, read_picture
from tocsin.engine.schema import Assessment, Signal

HELP = "One assessment, for a person or as JSON"
_CONFIDENCE_DIGITS = 4

_WORDS = {
    "zh": {
        "found": "发现：{harm}（把握 {confidence:.0%}）",
        "nothing": "没有发现问题（风险 {confidence:.0%}）。没有发现不等于安全：涉及转账、验证码时请再核实。",
        "signals": "依据",
        "indicators": "指标",
        "read": "图中文字",
    },
    "en": {
        "found": "Found: {harm} (confidence {confidence:.0%})",
        "nothing": "Nothing found (risk {confidence:.0%}). That is no proof: check before you pay or pass on a code.",
        "signals": "Reasons",
        "indicators": "Indicators",
        "read": "Text in the picture",
    },
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("text", nargs="?", metavar="TEXT", help="the message, or - for standard input")
    parser.add_argument(
        "--image", type=Path, metavar="FILE", help="read the message from a picture (needs tocsin[ocr])"
    )
    parser.add_argument("--json", action="store_true", help="the row that `tocsin scan` would write")
    parser.add_argument("--language", choices=("zh", "en"), default="zh", help="of the answer (default: %(default)s)")
    parser.add_argument("--threshold", type=_share, metavar="X", help="confidence from which a harm is named, 0 to 1")


def run(args: argparse.Namespace) -> int:
    """Assess one message and print the answer. Raises CommandError where there is no message to read."""
    text = _message(args)
    verdict = Detector.load().assess(text, threshold=args.threshold)
    if args.json:
        print(json.dumps(row_of(verdict, language=args.language), ensure_ascii=False))
        return EXIT_DONE
    if args.image:
        print(f"{_WORDS[args.language]['read']}:\n{text}\n")
    print(describe(verdict, language=args.language))
    return EXIT_DONE


def row_of(verdict: Assessment, *, language: str, identifier: int = 1) -> dict[str, Any]:
    """An assessment as a row of `tocsin scan`; reasons in the given language."""
    return {
        "id": identifier,
        "harm": verdict.harm,
        "confidence": round(verdict.confidence, _CONFIDENCE_DIGITS),
        "signals": [
            {"start": signal.start, "end": signal.end, "text": signal.text, "reason": _reason(signal, language)}
            for signal in verdict.signals
        ],
        "indicators": [
            {"kind": found.kind, "value": found.value, "start": found.start, "end": found.end}
            for found in verdict.indicators
        ],
        "fingerprint": None if verdict.fingerprint is None else encode(verdict.fingerprint),
        "language": verdict.language,
        "rules": verdict.rules,
    }


def describe(verdict: Assessment, *, language: str) -> str:
    """An assessment in words, several lines."""
    words = _WORDS[language]
    if verdict.harm is None:
        lines = [words["nothing"].format(confidence=verdict.confidence)]
    else:
        name = getattr(HARM_NAMES[verdict.harm], language)
        lines = [words["found"].format(harm=name, confidence=verdict.confidence)]
    if verdict.signals:
        lines += ["", words["signals"]]
        lines += [f"  · {_reason(signal, language)}: “{signal.text}”" for signal in verdict.signals]
    if verdict.indicators:
        lines += ["", words["indicators"]]
        lines += [f"  · {found.kind}: {found.value}" for found in verdict.indicators]
    return "\n".join(lines)


def _reason(signal: Signal, language: str) -> str:
    return signal.reason_zh if language == "zh" else signal.reason_en


def _message(args: argparse.Namespace) -> str:
    if (args.text is None) == (args.image is None):
        raise CommandError("give a TEXT, - for standard input, or --image FILE (one of them)")
    if args.image:
        return _read_image(args.image)
    text: str = args.text
    if text == "-":
        try:
            text = sys.stdin.buffer.read().decode("utf-8")
        except UnicodeDecodeError as error:
            raise CommandError(f"standard input is not UTF-8: {error}") from error
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise CommandError(f"TEXT is not valid Unicode: {error}") from error
    if not text.strip():
        raise CommandError("the text is empty")
    return text


def _read_image(path: Path) -> str:
    try:
        return read_picture(path.read_bytes()).joined()
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}") from error
    except PictureError as error:
        raise CommandError(f"{path}: {error}") from error


def _share(value: str) -> float:
    try:
        share = float(value)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{value!r} is not a number") from error
    if not 0.0 <= share <= 1.0:
        raise argparse.ArgumentTypeError(f"{value} is not between 0 and 1")
    return share
