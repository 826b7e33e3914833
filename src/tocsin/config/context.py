"""What every template may use."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext


def site(request: HttpRequest) -> dict[str, object]:  # noqa: ARG001 - Django passes it
    """The desk's name, and whether this is the demo."""
    return {"site_name": settings.SITE_NAME or gettext("Tocsin"), "is_demo": settings.DEMO}
