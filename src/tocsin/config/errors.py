"""The pages for what went wrong: what happened, and what to do, in the reader's language."""

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation

from tocsin.config.context import site


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """400: the request could not be understood."""
    return render(request, "errors/bad_request.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """403: signed in, but this is somebody else's act."""
    return render(request, "errors/forbidden.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """404: nothing here, or nothing that this reader may see."""
    return render(request, "errors/not_found.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault. Asks neither who is there nor the database: either may be what broke."""
    # The language too: what broke may stand before the middleware that chooses it.
    with translation.override(translation.get_language_from_request(request)):
        # Without the request, whose context processors would ask. The token is for the language's form.
        context = {**site(request), "csrf_token": get_token(request)}
        return HttpResponse(render_to_string("errors/server_error.html", context), status=500)
