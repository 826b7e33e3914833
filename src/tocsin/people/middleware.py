"""Staff pages open only to sessions that have proved a second factor."""

from collections.abc import Callable
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext

from tocsin.people.models import Member

_ADDED = "second_factors_added"
# What a session without proof may open among the pages of second factors: what there is, and the proof itself.
_OPEN = ("mfa_index", "mfa_authenticate", "mfa_login_webauthn", "mfa_reauthenticate", "mfa_reauthenticate_webauthn")


class SecondFactorMiddleware:
    """Keep a session off the desk that has not proved a second factor; not in the demo, whose sign-ins are public.

    A member without one is sent to its set-up. That the member has one is not enough: a session opened by password
    alone, before the factor was there, may be somebody else's. For the same reason such a session may not add a factor
    or see recovery codes.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._turned_away(request) or self._get_response(request)

    def _turned_away(self, request: HttpRequest) -> HttpResponse | None:
        desk, factors = reverse("console:queue"), reverse("mfa_index")
        at_desk = request.path.startswith(desk)
        if not settings.SECOND_FACTOR_REQUIRED or not (at_desk or request.path.startswith(factors)):
            return None
        if not isinstance(request.user, Member) or (not at_desk and request.path in map(reverse, _OPEN)):
            return None
        there = set(Authenticator.objects.filter(user_id=request.user.pk).values_list("pk", flat=True))
        if there & _proved(request, request.user):
            return None
        if there:
            back = request.get_full_path() if request.method in {"GET", "HEAD"} else (desk if at_desk else factors)
            return HttpResponseRedirect(f"{reverse('mfa_reauthenticate')}?{urlencode({'next': back})}")
        if not at_desk:
            return None
        messages.warning(request, gettext("Set up a second factor first: an authenticator app or a passkey."))
        return HttpResponseRedirect(factors)


def remember_added_factor(*, request: HttpRequest, authenticator: Authenticator, **_: object) -> None:
    """Setting a factor up takes a code of it: this session has proved it."""
    request.session[_ADDED] = [*request.session.get(_ADDED, []), authenticator.pk]


def _proved(request: HttpRequest, member: Member) -> set[int]:
    """The ids of the factors that were shown in this session, some of which may be gone."""
    used = {each.get("id") for each in get_authentication_records(request, member) if each.get("method") == "mfa"}
    return used | set(request.session.get(_ADDED, []))
