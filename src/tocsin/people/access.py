"""What a member may read of the agency tree."""

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from tocsin.people.models import Agency, Member


def agencies_for(member: Member) -> QuerySet[Agency]:
    """Every agency at which the member holds a role, and all below them."""
    if not member.is_active:
        return Agency.objects.none()
    scope = Q(pk__in=[])
    for path in member.grants.values_list("agency__path", flat=True):
        scope |= Q(path__startswith=path)
    return Agency.objects.filter(scope)


def root_agency() -> Agency:
    """The agency on top, to which a report goes that names none. Raises Agency.DoesNotExist before set-up."""
    return Agency.objects.filter(parent=None).earliest("pk")


def public_agencies() -> QuerySet[Agency]:
    """The agencies that a member of the public may choose between."""
    return Agency.objects.all()


def signed_in(request: HttpRequest) -> Member:
    """The member behind a request to a page that requires sign-in. Raises PermissionDenied where there is none."""
    if not isinstance(request.user, Member):
        raise PermissionDenied
    return request.user
