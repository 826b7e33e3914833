"""``tocsin manage create_member``: add a member with a role, as the operator of the installation."""

import getpass
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from tocsin.people.actions import add_member, grant_role
from tocsin.people.models import Agency
from tocsin.people.roles import Role


class Command(BaseCommand):
    """The password is asked for, or read as the first line of standard input; it never stands on the command line."""

    help = "Add a member with a role at an agency"

    def add_arguments(self, parser: CommandParser) -> None:
        """Who, where, as what."""
        parser.add_argument("username")
        parser.add_argument("--agency", required=True, metavar="CODE")
        parser.add_argument("--role", required=True, choices=Role.values)
        parser.add_argument("--name", help="how colleagues see the member (default: the username)")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Add the member; one line says what is wrong where that cannot be."""
        agency = Agency.objects.filter(code=options["agency"]).first()
        if agency is None:
            raise CommandError(f"there is no agency {options['agency']}")
        password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        try:
            validate_password(password)
            with transaction.atomic():
                member = add_member(
                    actor=None,
                    agency=agency,
                    username=options["username"],
                    display_name=options["name"] or options["username"],
                    password=password,
                )
                grant_role(actor=None, member=member, agency=agency, role=Role(options["role"]))
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        self.stdout.write(f"{member.username} is {options['role']} at {agency.path}")
