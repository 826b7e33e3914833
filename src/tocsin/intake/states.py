"""The states of a report, and which changes are allowed."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ReportStatus(models.TextChoices):
    """Where a report stands."""

    RECEIVED = "received", _("received")
    IN_REVIEW = "in_review", _("in review")
    ANSWERED = "answered", _("answered")
    CLOSED = "closed", _("closed")


TRANSITIONS: dict[ReportStatus, frozenset[ReportStatus]] = {
    # From received straight to answered: a copy of what the desk has decided already needs no second look.
    ReportStatus.RECEIVED: frozenset({ReportStatus.IN_REVIEW, ReportStatus.ANSWERED}),
    ReportStatus.IN_REVIEW: frozenset({ReportStatus.ANSWERED}),
    ReportStatus.ANSWERED: frozenset({ReportStatus.IN_REVIEW, ReportStatus.CLOSED}),
    ReportStatus.CLOSED: frozenset(),
}
OPEN = (ReportStatus.RECEIVED, ReportStatus.IN_REVIEW)


class Speaker(models.TextChoices):
    """Who wrote in the thread of a report."""

    REPORTER = "reporter", _("reporter")
    DESK = "desk", _("desk")


class AnsweredBy(models.TextChoices):
    """What answered a report."""

    DECISION = "decision", _("decision")
    EARLIER_DECISION = "earlier_decision", _("earlier decision")
    REPLY = "reply", _("reply")


class ReportClosed(Exception):  # noqa: N818 - names what happened
    """The report is closed and takes no more words."""


class ThreadFull(Exception):  # noqa: N818 - names what happened
    """The report already holds as many messages as it may."""
