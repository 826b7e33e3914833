"""Sightings, campaigns, their indicators, and one row for every change of a campaign's state."""

from typing import Any

from django.db import models
from django.db.models import Q

from tocsin.base.ids import new_id
from tocsin.campaigns.states import CampaignStatus, Dismissal, LinkStatus, Origin
from tocsin.engine.harms import HARM_NAMES, Harm
from tocsin.people.models import Agency, Member

HARM_CHOICES = [(harm.value, name.zh) for harm, name in HARM_NAMES.items()]
_KNOWN_HARM = Q(harm__isnull=True) | Q(harm__in=[harm.value for harm in Harm])


class Campaign(models.Model):
    """The near-identical sightings of one scam: the unit of work, on which one decision is made for all copies.

    ``harm`` is what the desk decided, or until then what the engine found; null where it found nothing.
    """

    public_id = models.UUIDField(default=new_id, unique=True, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="campaigns")
    harm = models.CharField(max_length=40, choices=HARM_CHOICES, null=True, blank=True)  # noqa: DJ001 - null is "nothing found"
    status = models.CharField(max_length=12, choices=CampaignStatus.choices, default=CampaignStatus.NEW)
    representative = models.ForeignKey("Sighting", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    opened_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    sighting_count = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-last_seen_at"]
        indexes = [
            models.Index(fields=["status", "-sighting_count"], name="campaigns_queue"),
            models.Index(fields=["-last_seen_at"], name="campaigns_last_seen"),
        ]
        constraints = [
            models.CheckConstraint(condition=_KNOWN_HARM, name="campaigns_campaign_known_harm"),
            models.CheckConstraint(condition=Q(status__in=CampaignStatus.values), name="campaigns_known_status"),
            models.CheckConstraint(
                condition=~Q(status=CampaignStatus.CONFIRMED) | Q(harm__isnull=False),
                name="campaigns_confirmed_has_harm",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.harm or '?'} {self.short_id}"

    @property
    def short_id(self) -> str:
        """The first eight digits of the id, for people."""
        return str(self.public_id)[:8]


class Sighting(models.Model):
    """One flagged message, with what the engine said of it. It expires.

    signals, indicators: lists of objects as in ``engine.schema``; fingerprint: 128 bytes, null for a short text.
    Where its campaign is decided, an expired sighting that brought a new wording stays behind as an empty shell (digest
    and fingerprint, from which no text can be had back), so that a late copy still finds the decision; its
    ``expires_at`` is then null.
    """

    public_id = models.UUIDField(default=new_id, unique=True, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="sightings")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="sightings")
    origin = models.CharField(max_length=10, choices=Origin.choices)
    text = models.TextField()
    folded_digest = models.CharField(max_length=64, db_index=True)
    wording_digest = models.CharField(max_length=64)
    harm = models.CharField(max_length=40, choices=HARM_CHOICES, null=True, blank=True)  # noqa: DJ001
    confidence = models.FloatField()
    signals: "models.JSONField[list[dict[str, Any]], list[dict[str, Any]]]" = models.JSONField(default=list)
    indicators: "models.JSONField[list[dict[str, Any]], list[dict[str, Any]]]" = models.JSONField(default=list)
    fingerprint = models.BinaryField(max_length=128, null=True)
    language = models.CharField(max_length=8)
    rules = models.CharField(max_length=64)
    link = models.CharField(max_length=10, choices=LinkStatus.choices, default=LinkStatus.CONFIRMED)
    similarity = models.FloatField(default=1.0)
    seen_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True, null=True)

    class Meta:
        ordering = ["-seen_at", "-pk"]
        indexes = [
            models.Index(fields=["campaign", "-seen_at"], name="campaigns_sighting_order"),
            models.Index(fields=["campaign", "wording_digest"], name="campaigns_wording"),
        ]
        constraints = [models.CheckConstraint(condition=_KNOWN_HARM, name="campaigns_sighting_known_harm")]

    def __str__(self) -> str:
        return str(self.public_id)


class SightingBand(models.Model):
    """One band of the fingerprint of a sighting that first brought its wording: the look-up for near copies."""

    sighting = models.ForeignKey(Sighting, on_delete=models.CASCADE, related_name="bands")
    position = models.PositiveSmallIntegerField()
    value = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["value", "position"], name="campaigns_band_lookup")]

    def __str__(self) -> str:
        return f"{self.position}:{self.value}"


class Indicator(models.Model):
    """A link, phone, account or handle that scams publish to reach their victims. Never a person's profile."""

    kind = models.CharField(max_length=20)
    value = models.CharField(max_length=500)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="campaigns_one_indicator_each")]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class CampaignIndicator(models.Model):
    """An indicator in a campaign: in how many of its sightings, first and last."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="indicators")
    indicator = models.ForeignKey(Indicator, on_delete=models.CASCADE, related_name="campaigns")
    sighting_count = models.PositiveIntegerField(default=0)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        ordering = ["-sighting_count", "indicator__kind", "indicator__value"]
        constraints = [models.UniqueConstraint(fields=["campaign", "indicator"], name="campaigns_one_link_each")]

    def __str__(self) -> str:
        return f"{self.indicator} ×{self.sighting_count}"


class CampaignChange(models.Model):
    """One change of a campaign's state, with who, why, and the answer that reporters were given.

    reason: for colleagues.  answer: shown to everyone who reported a copy, beside the standing advice for the harm.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="changes")
    before = models.CharField(max_length=12, choices=CampaignStatus.choices, blank=True)
    after = models.CharField(max_length=12, choices=CampaignStatus.choices)
    at = models.DateTimeField()
    member = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    harm = models.CharField(max_length=40, choices=HARM_CHOICES, null=True, blank=True)  # noqa: DJ001
    dismissal = models.CharField(max_length=12, choices=Dismissal.choices, blank=True)
    reason = models.TextField(blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        # Not by time: a clock may be set back, and the later decision must still be the later one.
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.before or '·'} → {self.after}"
