"""Fails where a line of the code that writes, guards or proves was never run by a test. Reads ``.coverage``."""

import io
import json
import sys
import tempfile
from pathlib import Path

from coverage import Coverage

MUST = ("actions.py", "access.py")


def main() -> int:
    """Print each uncovered line of ``actions.py``, ``access.py`` and ``ledger/``."""
    data = Coverage()
    data.load()
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "coverage.json"
        output, sys.stdout = sys.stdout, io.StringIO()
        try:
            data.json_report(outfile=str(target))
        finally:
            sys.stdout = output
        files = json.loads(target.read_text(encoding="utf-8"))["files"]
    guarded = [name for name in files if Path(name).name in MUST or "/ledger/" in name]
    if not guarded:
        print("no measurement of actions.py, access.py or ledger/")
        return 1
    missing = {name: files[name]["missing_lines"] for name in guarded if files[name]["missing_lines"]}
    for name, lines in missing.items():
        print(f"{name}: lines never run: {', '.join(map(str, lines))}")
    if not missing:
        print("every line of actions.py, access.py and ledger/ was run")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
