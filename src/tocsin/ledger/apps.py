"""The ledger as a Django app, and its system check. Nothing else belongs here."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004 (Django's own name)


class LedgerConfig(AppConfig):
    """Register the room under the label ``ledger``."""

    name = "tocsin.ledger"
    label = "ledger"
    default_auto_field = "django.db.models.BigAutoField"


@register(Tags.database)
def check_sqlite_begins_immediate(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Warn where SQLite would begin transactions late: two writers could then read the same head and one would fail."""
    del app_configs, kwargs
    return [
        Warning(
            f"Database {alias!r} does not begin its transactions IMMEDIATE, so concurrent acts can fail.",
            hint='Set OPTIONS = {"transaction_mode": "IMMEDIATE"}.',
            id="ledger.W001",
        )
        for alias, config in settings.DATABASES.items()
        if config.get("ENGINE") == "django.db.backends.sqlite3"
        and config.get("OPTIONS", {}).get("transaction_mode") != "IMMEDIATE"
    ]
