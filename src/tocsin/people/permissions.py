"""Who may do what: predicates over the agency tree, registered with ``rules`` under the names that views use.

A role at an agency counts for that agency and all below it. A predicate takes the member and the agency that owns the
thing in question.
"""

import rules
from django.core.exceptions import PermissionDenied

from tocsin.people.models import Agency, Member
from tocsin.people.roles import Role


def roles_at(member: Member, agency: Agency) -> set[Role]:
    """The roles that a member holds at an agency, directly or from above."""
    if not member.is_active:
        return set()
    grants = member.grants.select_related("agency")
    return {Role(grant.role) for grant in grants if grant.agency.contains(agency)}


def _holds(*wanted: Role) -> rules.Predicate:
    def holds(member: Member, agency: Agency | None) -> bool:
        return agency is not None and member.is_authenticated and not roles_at(member, agency).isdisjoint(wanted)

    return rules.predicate(holds, name="holds_" + "_or_".join(wanted))


is_intake_officer = _holds(Role.INTAKE_OFFICER)
is_analyst = _holds(Role.ANALYST)
is_administrator = _holds(Role.ADMINISTRATOR)

DECIDE_CAMPAIGN = "campaigns.decide"
ANSWER_REPORT = "intake.answer"
MANAGE_MEMBERS = "people.manage"

rules.add_perm(DECIDE_CAMPAIGN, is_analyst)
rules.add_perm(ANSWER_REPORT, is_intake_officer | is_analyst)
rules.add_perm(MANAGE_MEMBERS, is_administrator)


def require(actor: Member | None, permission: str, agency: Agency) -> None:
    """Raise PermissionDenied unless the actor may. ``None`` is the program itself, started by its operator."""
    if actor is not None and not actor.has_perm(permission, agency):
        raise PermissionDenied(f"{permission} at {agency.code}")
