"""Everybody acts at once: no deadlock, nothing lost, nobody left waiting in a decided campaign."""

import json
from pathlib import Path

from tests.installation import installation


def test_acts_at_once_neither_fail_nor_lose_anything(tmp_path: Path) -> None:
    with installation(tmp_path / "home") as desk:
        result = json.loads(desk.python("-W", "ignore", "-m", "tests.act_at_once", "8"))
        desk.run("ledger", "verify")
    assert result["failures"] == {}
    assert result["reports"] == result["received"] == result["counted"] > 20
    assert result["waiting_though_decided"] == 0
