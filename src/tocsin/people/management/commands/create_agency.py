"""``tocsin manage create_agency``: plant an agency, as the operator of the installation."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tocsin.people.actions import create_agency
from tocsin.people.models import Agency


class Command(BaseCommand):
    """The first agency is the root; the others stand below one."""

    help = "Add an agency to the tree"

    def add_arguments(self, parser: CommandParser) -> None:
        """Its code, its names, and what it stands under."""
        parser.add_argument("code", help="small letters, digits and dashes; never changes")
        parser.add_argument("--name-zh", required=True, help="the name in Chinese")
        parser.add_argument("--name-en", required=True, help="the name in English")
        parser.add_argument("--under", metavar="CODE", help="the agency above; without it, a root")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Plant it; one line says what is wrong where it cannot be."""
        parent = Agency.objects.filter(code=options["under"]).first() if options["under"] else None
        if options["under"] and parent is None:
            raise CommandError(f"there is no agency {options['under']}")
        try:
            agency = create_agency(
                actor=None,
                code=options["code"],
                name_zh=options["name_zh"],
                name_en=options["name_en"],
                parent=parent,
            )
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        self.stdout.write(f"{agency.path} created")
