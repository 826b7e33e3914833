from django.apps import AppConfig


class BaseConfig(AppConfig):
    name = "tocsin.base"
    label = "base"
