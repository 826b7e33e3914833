"""What an officer decides, before it is applied."""

from dataclasses import dataclass

from tocsin.campaigns.states import Dismissal
from tocsin.engine.harms import Harm


@dataclass(frozen=True, slots=True)
class Ruling:
    """What an officer decides of a campaign, in words: ``reason`` for colleagues, ``answer`` for the reporters."""

    reason: str
    answer: str = ""
    harm: Harm | None = None
    dismissal: Dismissal | None = None

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError("a decision needs a reason")
