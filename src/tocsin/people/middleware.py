"""Staff pages open only to members with a second factor."""

from collections.abc import Callable

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext


class SecondFactorMiddleware:
    """Send a member without a second factor from the desk to its set-up; not in the demo, whose sign-ins are public."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not settings.SECOND_FACTOR_REQUIRED or not request.path.startswith(reverse("console:queue")):
            return self._get_response(request)
        if request.user.is_authenticated and not is_mfa_enabled(request.user):
            messages.warning(request, gettext("Set up a second factor first: an authenticator app or a passkey."))
            return HttpResponseRedirect(reverse("mfa_index"))
        return self._get_response(request)
