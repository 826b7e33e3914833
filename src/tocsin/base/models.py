"""The rate bucket's table. It holds keyed hashes of addresses, never addresses, and forgets them."""

from django.db import models


class RateBucket(models.Model):
    """How much one caller has left of one allowance; see ``base.rates``."""

    key = models.CharField(max_length=64, primary_key=True)
    tokens = models.FloatField()
    updated_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key
