"""Reports, the words added to them, and one row for every change of a report's state. Nothing says who reported."""

from django.db import models
from django.db.models import Q

from tocsin.base.ids import new_id
from tocsin.campaigns.models import Sighting
from tocsin.intake.states import AnsweredBy, ReportStatus, Speaker
from tocsin.people.models import Agency, Member


class Report(models.Model):
    """A message that a member of the public asked about. The receipt is kept only as its digest."""

    public_id = models.UUIDField(default=new_id, unique=True, editable=False)
    receipt_digest = models.CharField(max_length=64, unique=True)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="reports")
    sighting = models.OneToOneField(Sighting, on_delete=models.PROTECT, related_name="report")
    status = models.CharField(max_length=10, choices=ReportStatus.choices, default=ReportStatus.RECEIVED)
    received_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-received_at", "-pk"]
        constraints = [models.CheckConstraint(condition=Q(status__in=ReportStatus.values), name="intake_known_status")]

    def __str__(self) -> str:
        return str(self.public_id)


class ReportWords(models.Model):
    """Words added to a report, by the reporter or by the desk."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="words")
    speaker = models.CharField(max_length=10, choices=Speaker.choices)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    text = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "report words"

    def __str__(self) -> str:
        return f"{self.speaker} {self.at:%Y-%m-%d %H:%M}"


class ReportChange(models.Model):
    """One change of a report's state. ``answered_by`` is set where the new state is answered."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="changes")
    before = models.CharField(max_length=10, choices=ReportStatus.choices, blank=True)
    after = models.CharField(max_length=10, choices=ReportStatus.choices)
    answered_by = models.CharField(max_length=16, choices=AnsweredBy.choices, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.before or '·'} → {self.after}"
