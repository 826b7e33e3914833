from django.apps import AppConfig


class TocsinConfig(AppConfig):
    name = "tocsin.config"
    label = "config"
