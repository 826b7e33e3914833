"""The states of a campaign and of the link between a sighting and its campaign, and which changes are allowed."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CampaignStatus(models.TextChoices):
    """Where a campaign stands."""

    NEW = "new", _("new")
    IN_REVIEW = "in_review", _("in review")
    CONFIRMED = "confirmed", _("confirmed")
    DISMISSED = "dismissed", _("dismissed")
    DORMANT = "dormant", _("not seen lately")


TRANSITIONS: dict[CampaignStatus, frozenset[CampaignStatus]] = {
    CampaignStatus.NEW: frozenset({CampaignStatus.IN_REVIEW}),
    CampaignStatus.IN_REVIEW: frozenset({CampaignStatus.CONFIRMED, CampaignStatus.DISMISSED}),
    CampaignStatus.CONFIRMED: frozenset({CampaignStatus.DORMANT, CampaignStatus.IN_REVIEW}),
    CampaignStatus.DORMANT: frozenset({CampaignStatus.CONFIRMED, CampaignStatus.IN_REVIEW}),
    CampaignStatus.DISMISSED: frozenset({CampaignStatus.IN_REVIEW}),
}
DECIDED = frozenset({CampaignStatus.CONFIRMED, CampaignStatus.DISMISSED, CampaignStatus.DORMANT})


class LinkStatus(models.TextChoices):
    """How sure it is that a sighting belongs to its campaign."""

    SUGGESTED = "suggested", _("likely copy")
    CONFIRMED = "confirmed", _("sure copy")
    REJECTED = "rejected", _("no copy")


class Dismissal(models.TextChoices):
    """Why a campaign was dismissed."""

    GENUINE = "genuine", _("genuine message")
    ADVERTISING = "advertising", _("ordinary advertising")
    MISTAKEN = "mistaken", _("false alarm, no harm in it")


class Origin(models.TextChoices):
    """What a sighting came from."""

    REPORT = "report", _("report")
    ROUND = "round", _("round")
    SCAN = "scan", _("scan")


class InvalidTransition(Exception):  # noqa: N818 - names what happened
    """The thing is not in a state from which this act is possible; ``status`` is the state it is in."""

    def __init__(self, status: str) -> None:
        super().__init__(f"not possible while {status}")
        self.status = status
