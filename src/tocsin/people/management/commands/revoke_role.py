"""``tocsin manage revoke_role``: take a role from a member, as the operator of the installation."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tocsin.people.actions import revoke_role
from tocsin.people.models import Agency, Member
from tocsin.people.roles import Role


class Command(BaseCommand):
    """Safe to repeat."""

    help = "Take a role at an agency from a member"

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, where, which."""
        parser.add_argument("username")
        parser.add_argument("--agency", required=True, metavar="CODE")
        parser.add_argument("--role", required=True, choices=Role.values)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Take it; one line says who or what is not there."""
        member = Member.objects.filter(username=options["username"]).first()
        agency = Agency.objects.filter(code=options["agency"]).first()
        if member is None or agency is None:
            raise CommandError(f"there is no {'member' if member is None else 'agency'} of that name")
        revoke_role(actor=None, member=member, agency=agency, role=Role(options["role"]))
        self.stdout.write(f"{member.username} is no {options['role']} at {agency.path} any more")
