"""What the ledger stores. Nothing but ``actions.py`` writes here, and triggers refuse every change to what is written.

Meaning of the hashes and the canonical form: ``entries.py``, ``docs/LEDGER.md``.
"""

from django.db import models


class LedgerEntry(models.Model):
    """One act. ``position`` counts from 0 without gaps; hashes are 64 hexadecimal digits."""

    position = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    verb = models.CharField(max_length=64)
    subject = models.CharField(max_length=80)
    agency = models.UUIDField(null=True)
    actor = models.CharField(max_length=48)
    payload = models.TextField(help_text="Canonical JSON, as hashed")
    previous = models.CharField(max_length=64, help_text="Leaf hash of the entry before")
    leaf = models.CharField(max_length=64, unique=True, help_text="RFC 6962 leaf hash of the canonical bytes")

    class Meta:
        ordering = ("position",)
        indexes = (
            models.Index(fields=["subject", "position"], name="ledger_entry_subject"),
            models.Index(fields=["verb", "position"], name="ledger_entry_verb"),
        )
        constraints = (
            models.CheckConstraint(condition=models.Q(position__gte=0), name="ledger_entry_position_from_zero"),
        )

    def __str__(self) -> str:
        """Name the entry by position, verb and subject."""
        return f"{self.position} {self.verb} {self.subject}"


class LedgerHead(models.Model):
    """Where the ledger stands: the one row that writers lock, so that they take turns."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    size = models.BigIntegerField(default=0)
    last = models.CharField(max_length=64, help_text="Leaf hash of the last entry, zeros for none")
    frontier = models.TextField(help_text="Compact range: hexadecimal hashes as JSON, largest sub-tree first")

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="ledger_head_single"),)

    def __str__(self) -> str:
        """Name the head by its size."""
        return f"{self.size} entries"


class Checkpoint(models.Model):
    """A signed statement of size and root. ``number`` counts from 0; ``note`` is the signed note itself."""

    number = models.BigIntegerField(primary_key=True)
    size = models.BigIntegerField(unique=True)
    root = models.CharField(max_length=64)
    at = models.DateTimeField()
    note = models.TextField()

    class Meta:
        ordering = ("number",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(number__gte=0) & models.Q(size__gte=0), name="ledger_checkpoint_from_zero"
            ),
        )

    def __str__(self) -> str:
        """Name the checkpoint by number and size."""
        return f"checkpoint {self.number} over {self.size} entries"
