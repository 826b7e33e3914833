"""The figures as a Django app, without tables of its own."""

from django.apps import AppConfig


class FiguresConfig(AppConfig):
    """Register the room under the label ``figures``."""

    name = "tocsin.figures"
    label = "figures"
