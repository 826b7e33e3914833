"""Token buckets: how often one caller may do one thing. Shared by all server processes through the database.

The caller's address is stored only as a keyed hash whose key changes every day, and a full bucket is deleted.
"""

import hashlib
import hmac
import math
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction

from tocsin.base import clock
from tocsin.base.models import RateBucket


@dataclass(frozen=True, slots=True)
class Allowance:
    """``burst`` acts at once, refilled evenly so that ``burst`` more are there after ``seconds``."""

    name: str
    burst: int
    seconds: float


class RateExceeded(Exception):  # noqa: N818 - a fact about the caller, not a fault
    """The caller has used up an allowance. ``retry_after``: whole seconds until the next act is allowed."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"rate exceeded, try again in {retry_after} s")
        self.retry_after = retry_after


@transaction.atomic
def spend(allowance: Allowance, caller: str) -> None:
    """Take one token from the caller's bucket. Raises RateExceeded where it is empty."""
    at = clock.now()
    rate = allowance.burst / allowance.seconds
    key = _key(allowance.name, caller)
    bucket, _ = RateBucket.objects.select_for_update().get_or_create(
        key=key, defaults={"tokens": float(allowance.burst), "updated_at": at}
    )
    idle = max(0.0, (at - bucket.updated_at).total_seconds())
    tokens = min(float(allowance.burst), bucket.tokens + idle * rate)
    if tokens < 1.0:
        raise RateExceeded(max(1, math.ceil((1.0 - tokens) / rate)))
    bucket.tokens, bucket.updated_at = tokens - 1.0, at
    bucket.save(update_fields=["tokens", "updated_at"])


def forget_full_buckets(longest: timedelta = timedelta(days=1)) -> int:
    """Delete buckets idle for so long that they are full again; returns how many."""
    return RateBucket.objects.filter(updated_at__lt=clock.now() - longest).delete()[0]


def _key(name: str, caller: str) -> str:
    day = clock.now().date().isoformat()
    secret = f"{settings.SECRET_KEY}:{day}".encode()
    return hmac.new(secret, f"{name}:{caller}".encode(), hashlib.sha256).hexdigest()
