"""Where a request comes from, as far as the proxies in front of us can be believed."""

from ipaddress import IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The caller's address: the peer's, or with ``TRUSTED_PROXIES`` = n the n-th from the right of X-Forwarded-For.

    What stands further left was written by the caller and is not believed. Of IPv6 the first address of its /64: that
    network is the least that anyone gets, so whoever is counted by single addresses is not counted at all.
    """
    peer = str(request.META.get("REMOTE_ADDR", ""))
    if not settings.TRUSTED_PROXIES:
        return _counted(peer) or peer
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    hop = hops[-settings.TRUSTED_PROXIES] if len(hops) >= settings.TRUSTED_PROXIES else peer
    return _counted(hop) or _counted(peer) or peer


def _counted(text: str) -> str | None:
    """The address under which a caller counts; None where the text is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or IPv6Network((address.packed, 64), strict=False).network_address)
