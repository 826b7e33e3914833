from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "tocsin.people"
    label = "people"
