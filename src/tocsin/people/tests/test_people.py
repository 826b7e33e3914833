"""The agency tree, roles that reach down it, and who may change them."""

from collections.abc import Callable

import pytest
from conftest import Town
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import RequestFactory

from tocsin.ledger.models import LedgerEntry
from tocsin.people import access, actions
from tocsin.people.models import Agency, Member, common_agency_path
from tocsin.people.permissions import DECIDE_CAMPAIGN, MANAGE_MEMBERS, require, roles_at
from tocsin.people.roles import Role

pytestmark = pytest.mark.django_db


def test_a_role_reaches_down_the_tree_and_never_up(town: Town, analyst: Member, second_analyst: Member) -> None:
    assert roles_at(analyst, town.city) == roles_at(analyst, town.east) == {Role.ANALYST}
    assert roles_at(second_analyst, town.east) == {Role.ANALYST}
    assert roles_at(second_analyst, town.city) == roles_at(second_analyst, town.west) == set()
    assert set(access.agencies_for(analyst)) == {town.city, town.east, town.west}
    assert set(access.agencies_for(second_analyst)) == {town.east}


@pytest.mark.parametrize(
    ("role", "permission", "allowed"),
    [
        (Role.ANALYST, DECIDE_CAMPAIGN, True),
        (Role.INTAKE_OFFICER, DECIDE_CAMPAIGN, False),
        (Role.APPROVER, DECIDE_CAMPAIGN, False),
        (Role.EDITOR, DECIDE_CAMPAIGN, False),
        (Role.AUDITOR, DECIDE_CAMPAIGN, False),
        (Role.ADMINISTRATOR, DECIDE_CAMPAIGN, False),
        (Role.ADMINISTRATOR, MANAGE_MEMBERS, True),
        (Role.ANALYST, MANAGE_MEMBERS, False),
    ],
)
def test_each_role_may_do_what_it_is_for(
    hire: Callable[..., Member], town: Town, role: Role, permission: str, allowed: bool
) -> None:
    member = hire("somebody", role, town.city)
    assert member.has_perm(permission, town.east) is allowed
    assert not member.has_perm(permission, town.elsewhere)


def test_a_member_who_left_may_nothing(town: Town, analyst: Member) -> None:
    assert analyst.has_perm(DECIDE_CAMPAIGN, town.city)
    analyst.is_active = False
    analyst.save()
    assert not analyst.has_perm(DECIDE_CAMPAIGN, town.city)
    assert roles_at(analyst, town.city) == set()
    assert not access.agencies_for(analyst).exists()


def test_it_refuses_members_made_by_anyone_but_an_administrator(town: Town, admin: Member, analyst: Member) -> None:
    def add(actor: Member, agency: Agency, username: str) -> Member:
        return actions.add_member(
            actor=actor, agency=agency, username=username, display_name="New", password="quite a long one"
        )

    with pytest.raises(PermissionDenied):
        add(analyst, town.east, "new_one")
    with pytest.raises(PermissionDenied):
        add(admin, town.elsewhere, "new_one")
    assert not Member.objects.filter(username="new_one").exists()
    assert add(admin, town.east, "new_one").username == "new_one"
    with pytest.raises(ValidationError):
        add(admin, town.east, "new_one")


def test_granting_and_revoking_are_safe_to_repeat_and_in_the_ledger(town: Town, admin: Member, analyst: Member) -> None:
    before = LedgerEntry.objects.count()
    for _ in range(2):
        actions.grant_role(actor=admin, member=analyst, agency=town.east, role=Role.EDITOR)
    assert roles_at(analyst, town.east) == {Role.ANALYST, Role.EDITOR}
    for _ in range(2):
        actions.revoke_role(actor=admin, member=analyst, agency=town.east, role=Role.EDITOR)
    assert roles_at(analyst, town.east) == {Role.ANALYST}
    added = LedgerEntry.objects.order_by("position")[before:]
    assert [entry.verb for entry in added] == ["member.role_granted", "member.role_revoked"]
    with pytest.raises(PermissionDenied):
        actions.grant_role(actor=analyst, member=analyst, agency=town.city, role=Role.ADMINISTRATOR)


def test_only_the_operator_plants_a_root_and_an_administrator_a_branch(town: Town, admin: Member) -> None:
    with pytest.raises(PermissionDenied):
        actions.create_agency(actor=admin, code="new-root", name_zh="新", name_en="New", parent=None)
    with pytest.raises(PermissionDenied):
        actions.create_agency(actor=admin, code="branch", name_zh="支", name_en="B", parent=town.elsewhere)
    branch = actions.create_agency(actor=admin, code="branch", name_zh="支", name_en="B", parent=town.east)
    assert branch.path == "yunzhou/lincheng/branch/"
    with pytest.raises(ValidationError):
        actions.create_agency(actor=None, code="Bad Code/", name_zh="坏", name_en="Bad", parent=None)


def test_the_agency_over_two_is_the_lowest_that_holds_both(town: Town) -> None:
    assert common_agency_path(town.east.path, town.west.path) == town.city.path
    assert common_agency_path(town.east.path, town.east.path) == town.east.path
    assert common_agency_path(town.city.path, town.east.path) == town.city.path
    assert common_agency_path(town.east.path, town.elsewhere.path) == ""
    assert common_agency_path("yun/", "yunzhou/") == ""


def test_the_program_itself_may_and_an_anonymous_request_may_not(town: Town, rf: RequestFactory) -> None:
    require(None, DECIDE_CAMPAIGN, town.city)
    request = rf.get("/desk/")
    request.user = AnonymousUser()
    with pytest.raises(PermissionDenied):
        access.signed_in(request)


def test_a_report_that_names_no_agency_goes_to_the_first_root(town: Town, admin: Member, rf: RequestFactory) -> None:
    assert access.root_agency() == town.city
    assert set(access.public_agencies()) == {town.city, town.east, town.west, town.elsewhere}
    request = rf.get("/desk/")
    request.user = admin
    assert access.signed_in(request) == admin
