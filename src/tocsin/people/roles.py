"""The roles a member may hold at an agency, and at every agency below it."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a member does at an agency."""

    INTAKE_OFFICER = "intake_officer", _("intake officer")
    ANALYST = "analyst", _("analyst")
    APPROVER = "approver", _("approver")
    EDITOR = "editor", _("editor")
    AUDITOR = "auditor", _("auditor")
    ADMINISTRATOR = "administrator", _("administrator")
