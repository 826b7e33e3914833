"""Adds up the results of test runs (JUnit XML files) and prints them; exits with 1 where a test failed or none ran."""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path


def main(files: list[str]) -> int:
    """Print one line per run and one for all."""
    total = {"passed": 0, "failed": 0, "skipped": 0}
    for name in files:
        path = Path(name)
        if not path.exists():
            print(f"{path.stem}: no result")
            total["failed"] += 1
            continue
        counts = _counts(path)
        print(f"{path.stem}: " + ", ".join(f"{number} {what}" for what, number in counts.items()))
        for what, number in counts.items():
            total[what] += number
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**total))
    return 0 if total["passed"] and not total["failed"] else 1


def _counts(path: Path) -> dict[str, int]:
    suite = ET.parse(path).getroot().find("testsuite")
    if suite is None:
        return {"passed": 0, "failed": 1, "skipped": 0}
    failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    skipped = int(suite.get("skipped", 0))
    return {"passed": int(suite.get("tests", 0)) - failed - skipped, "failed": failed, "skipped": skipped}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
