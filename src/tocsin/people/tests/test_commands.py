"""The operator's two commands, with which an installation begins."""

import io
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command

from tocsin.people.models import Agency, Member
from tocsin.people.permissions import roles_at
from tocsin.people.roles import Role

pytestmark = pytest.mark.django_db
Run = Callable[..., str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command with something on standard input; returns what it printed."""

    def go(*words: str, typed: str = "") -> str:
        output = io.StringIO()
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        call_command(*words, stdout=output)
        return output.getvalue()

    return go


def test_an_installation_begins_with_an_agency_and_a_member(run: Run) -> None:
    assert "yunzhou/ created" in run("create_agency", "yunzhou", "--name-zh", "云州", "--name-en", "Yunzhou")
    run("create_agency", "lincheng", "--name-zh", "临城", "--name-en", "Lincheng", "--under", "yunzhou")
    assert Agency.objects.get(code="lincheng").path == "yunzhou/lincheng/"
    who = ("create_member", "chen", "--agency", "yunzhou", "--role", "analyst", "--name", "陈")
    assert "chen is analyst at yunzhou/" in run(*who, typed="tide-lantern-47-orchard\n")
    member = Member.objects.get(username="chen")
    assert member.check_password("tide-lantern-47-orchard")
    assert roles_at(member, Agency.objects.get(code="lincheng")) == {Role.ANALYST}
    assert "no analyst" in run("revoke_role", "chen", "--agency", "yunzhou", "--role", "analyst")
    assert roles_at(member, Agency.objects.get(code="lincheng")) == set()


@pytest.mark.parametrize(
    ("words", "typed", "complaint"),
    [
        (("create_agency", "Bad/Code", "--name-zh", "坏", "--name-en", "Bad"), "", "valid|有效"),
        (("create_agency", "yunzhou", "--name-zh", "云州", "--name-en", "Yunzhou"), "", "already exists|已存在"),
        (("create_agency", "x", "--name-zh", "x", "--name-en", "x", "--under", "nowhere"), "", "no agency nowhere"),
        (("create_member", "chen", "--agency", "nowhere", "--role", "analyst"), "x\n", "no agency nowhere"),
        (("create_member", "chen", "--agency", "yunzhou", "--role", "analyst"), "short\n", "12"),
        (("create_member", "chen", "--agency", "yunzhou", "--role", "king"), "x\n", "king"),
        (("revoke_role", "nobody", "--agency", "yunzhou", "--role", "analyst"), "", "no member"),
    ],
)
def test_what_cannot_be_is_said_in_one_line_and_leaves_nothing(
    run: Run, words: tuple[str, ...], typed: str, complaint: str
) -> None:
    run("create_agency", "yunzhou", "--name-zh", "云州", "--name-en", "Yunzhou")
    with pytest.raises(CommandError, match=complaint):
        run(*words, typed=typed)
    assert Agency.objects.count() == 1
    assert not Member.objects.exists()
