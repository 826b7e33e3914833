"""Kill -9 in the middle of a report being filed: nothing lost, nothing doubled, the ledger verifies."""

import json
from pathlib import Path

import pytest

from tests.installation import installation

pytestmark = [pytest.mark.kill]


def test_fifty_kills_while_reports_are_filed_lose_and_double_nothing(tmp_path: Path) -> None:
    with installation(tmp_path / "home", TOCSIN_RATES="no", TOCSIN_HOSTS="testserver") as desk:
        result = json.loads(desk.python("-W", "ignore::DeprecationWarning", "-m", "tests.file_and_be_killed"))
        assert result["killed"] == 50, result
        assert result["reports_per_form"] == [1]
        forms = result["forms"]
        names = ("reports", "sightings", "counted", "received", "filed")
        assert {name: result[name] for name in names} == dict.fromkeys(names, forms)
        desk.run("ledger", "verify")
        export = tmp_path / "ledger.jsonl"
        desk.run("ledger", "export", "-o", str(export))
        desk.run("ledger", "verify", str(export))
