"""Every write to agencies, members and roles."""

from django.core.exceptions import PermissionDenied

from tocsin.base import clock
from tocsin.base.acts import act
from tocsin.ledger.actions import append
from tocsin.ledger.verbs import Verb
from tocsin.people.models import Agency, Member, RoleGrant, actor_reference, reference
from tocsin.people.permissions import MANAGE_MEMBERS, require
from tocsin.people.roles import Role


@act
def create_agency(*, actor: Member | None, code: str, name_zh: str, name_en: str, parent: Agency | None) -> Agency:
    """Add an agency to the tree. Only the operator (``actor`` None) may plant a root."""
    if parent is not None:
        require(actor, MANAGE_MEMBERS, parent)
    elif actor is not None:
        raise PermissionDenied("only the operator may create a root agency")
    agency = Agency(
        code=code,
        name_zh=name_zh,
        name_en=name_en,
        parent=parent,
        path=f"{parent.path if parent else ''}{code}/",
        created_at=clock.now(),
    )
    agency.full_clean()
    agency.save()
    append(
        verb=Verb.AGENCY_CREATED,
        subject=reference("agency", agency.public_id),
        actor=actor_reference(actor),
        agency=agency.public_id,
    )
    return agency


@act
def add_member(
    *, actor: Member | None, agency: Agency, username: str, display_name: str, password: str | None
) -> Member:
    """Add a member; without a password the account cannot sign in until one is set."""
    require(actor, MANAGE_MEMBERS, agency)
    member = Member(username=username, display_name=display_name)
    member.set_password(password)
    member.full_clean()
    member.save()
    append(
        verb=Verb.MEMBER_ADDED,
        subject=reference("member", member.public_id),
        actor=actor_reference(actor),
        agency=agency.public_id,
    )
    return member


@act
def grant_role(*, actor: Member | None, member: Member, agency: Agency, role: Role) -> RoleGrant:
    """Give a member a role at an agency; safe to repeat."""
    require(actor, MANAGE_MEMBERS, agency)
    grant, created = RoleGrant.objects.get_or_create(
        member=member, agency=agency, role=role, defaults={"granted_at": clock.now()}
    )
    if created:
        _record_role(Verb.MEMBER_ROLE_GRANTED, actor, member, agency, role)
    return grant


@act
def revoke_role(*, actor: Member | None, member: Member, agency: Agency, role: Role) -> None:
    """Take a role away; safe to repeat."""
    require(actor, MANAGE_MEMBERS, agency)
    deleted, _ = RoleGrant.objects.filter(member=member, agency=agency, role=role).delete()
    if deleted:
        _record_role(Verb.MEMBER_ROLE_REVOKED, actor, member, agency, role)


def _record_role(verb: Verb, actor: Member | None, member: Member, agency: Agency, role: Role) -> None:
    append(
        verb=verb,
        subject=reference("member", member.public_id),
        actor=actor_reference(actor),
        agency=agency.public_id,
        payload={"role": role.value},
    )
