"""Doors that stand before every page."""

import re
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import add_never_cache_headers

TOO_MANY_REQUESTS = 429
_PRIVATE = frozenset({"report", "check", "desk", "account"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class NeverCacheMiddleware:
    """What stands under an address of a reporter or a member is nobody else's: no answer of it is kept anywhere.

    Outermost, so that refusals and failures count as well: also a 404 says which receipt was tried.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if request.path_info.lstrip("/").partition("/")[0].lower() in _PRIVATE:
            add_never_cache_headers(response)
        if response.status_code == TOO_MANY_REQUESTS:
            # Ours say how long themselves; those of the sign-in libraries do not.
            response.headers.setdefault("Retry-After", str(int(settings.AXES_COOLOFF_TIME * 3600)))
        return response


class CleanCookiesMiddleware:
    """Forget cookies with control characters: no cookie of ours has any, and PostgreSQL fails on a NUL in a look-up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        for name in [name for name, value in request.COOKIES.items() if _CONTROL.search(value)]:
            del request.COOKIES[name]
        return self._get_response(request)


class EncodingMiddleware:
    """Answer a form whose text is not in the encoding that it claims with 400.

    Django would put replacement characters in the place of what it cannot read, and the desk would judge another text.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST" or _is_readable(request):
            return self._get_response(request)
        with translation.override(translation.get_language_from_request(request)):
            return render(request, "errors/bad_encoding.html", status=400)


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


def _is_readable(request: HttpRequest) -> bool:
    body = request.body
    if request.content_type == "application/x-www-form-urlencoded":
        body = unquote_to_bytes(body)
    try:
        body.decode(request.encoding or "utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _declared_length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
