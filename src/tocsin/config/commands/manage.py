"""``tocsin manage``: Django's own commands, with Tocsin's settings."""

import argparse
import os
import sys

from django.core.management import execute_from_command_line

HELP = "Django's own commands"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Everything behind ``manage`` belongs to Django."""
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="as for django-admin, such as: migrate")


def run(args: argparse.Namespace) -> int:
    """Hand over to Django; its own exit status counts."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.config.settings")
    sys.argv[0] = "tocsin manage"
    execute_from_command_line(["tocsin manage", *args.arguments])
    return 0
