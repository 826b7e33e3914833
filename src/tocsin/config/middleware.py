"""Doors that stand before every page."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation


class BodyLimitMiddleware:
    """Answer a request that is too large with 413, in the reader's language, before reading it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _declared_length(request) <= settings.REQUEST_BODY_LIMIT:
            return self._get_response(request)
        with translation.override(translation.get_language_from_request(request)):
            context = {"limit_kib": settings.REQUEST_BODY_LIMIT // 1024}
            response = render(request, "errors/too_large.html", context, status=413)
        # The body stays unread, so the connection cannot be used for another request.
        response["Connection"] = "close"
        return response


def _declared_length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
