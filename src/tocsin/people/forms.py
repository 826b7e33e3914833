"""Forms of the sign-in library that need a word of ours."""

from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy as _


class AddKeyForm(AddWebAuthnForm):  # type: ignore[misc]  # the library carries no types
    """A new passkey; the library leaves the label of its name to the field's English name."""

    name = forms.CharField(label=_("Name of the key"), required=False, max_length=100)


class EditKeyForm(EditWebAuthnForm):  # type: ignore[misc]  # the library carries no types
    """Another name for a passkey."""

    name = forms.CharField(label=_("Name of the key"), max_length=100)
