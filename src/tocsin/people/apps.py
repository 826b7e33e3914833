from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "tocsin.people"
    label = "people"

    def ready(self) -> None:
        # Imported here because both need models, which are loaded by now.
        from allauth.mfa.signals import authenticator_added  # noqa: PLC0415

        from tocsin.people.middleware import remember_added_factor  # noqa: PLC0415

        # A signal, against our habit: the library has no other hook where a factor is added.
        authenticator_added.connect(remember_added_factor, dispatch_uid="tocsin.people")
