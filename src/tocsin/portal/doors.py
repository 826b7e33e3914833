"""How often one address may knock at each public door."""

from collections.abc import Callable
from functools import wraps
from math import ceil
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from tocsin.base.addresses import client_address
from tocsin.base.rates import Allowance, RateExceeded, spend

CHECK = Allowance("check", burst=40, seconds=600)
REPORT = Allowance("report", burst=20, seconds=3600)
RECEIPT = Allowance("receipt", burst=60, seconds=600)
EXPORT = Allowance("export", burst=10, seconds=3600)
WORDS = Allowance("words", burst=20, seconds=600)

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def at_most(allowance: Allowance, *, methods: tuple[str, ...] = ("POST",)) -> Callable[[View[P]], View[P]]:
    """Let one address through only as often as the allowance says; else 429 with when to come back."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if settings.RATES_ENABLED and request.method in methods:
                try:
                    spend(allowance, client_address(request))
                except RateExceeded as exceeded:
                    return _come_back_later(request, exceeded.retry_after)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def _come_back_later(request: HttpRequest, seconds: int) -> HttpResponse:
    # What was typed comes back, so that a reader who is turned away loses nothing.
    context = {"minutes": ceil(seconds / 60), "text": request.POST.get("text", "")}
    response = render(request, "errors/too_often.html", context, status=429)
    response["Retry-After"] = str(seconds)
    return response
