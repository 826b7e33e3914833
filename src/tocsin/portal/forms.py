"""What the public may send us, and what we say where it cannot be taken."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tocsin.people.access import public_agencies
from tocsin.people.models import Agency

MAX_TEXT = 20_000
MAX_WORDS_TEXT = 4_000
_TOO_LONG = _("This is too long. Please send at most %(limit_value)d characters: the most suspicious part is enough.")


class MessageField(forms.CharField):
    """A text as it was received: line ends as one character, however the browser sends them."""

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Leave the length to our own words: with ``maxlength`` a browser cuts a long paste without a word."""
        attrs = super().widget_attrs(widget)
        attrs.pop("maxlength", None)
        return attrs

    def to_python(self, value: Any) -> str:
        """Return the text with plain line feeds."""
        return str(super().to_python(value)).replace("\r\n", "\n").replace("\r", "\n")


class CheckForm(forms.Form):
    """A message to check."""

    text = MessageField(
        label=_("The message, as you received it"),
        help_text=_("Paste the whole text, with its links and numbers. It is not stored unless you report it."),
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 7, "autocomplete": "off", "spellcheck": "false"}),
        error_messages={
            "required": _("Paste the message that you would like to have checked."),
            "max_length": _TOO_LONG,
            "null_characters_not_allowed": _("This text holds characters that no message has. Please copy it again."),
        },
    )


class ReportForm(forms.Form):
    """One more press: the checked message as a report."""

    text = MessageField(max_length=MAX_TEXT, widget=forms.HiddenInput)
    token = forms.RegexField(r"^[A-Za-z0-9_-]{32}$", widget=forms.HiddenInput)
    agency = forms.ModelChoiceField(
        label=_("Where do you live?"),
        help_text=_("So that the right desk sees it. Leave it as it is if you would rather not say."),
        queryset=Agency.objects.none(),
        to_field_name="code",
        required=False,
        empty_label=_("Would rather not say"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["agency"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = public_agencies()


class WordsForm(forms.Form):
    """Something to add to a report."""

    text = MessageField(
        label=_("Add something"),
        help_text=_("What happened next, what you did, what you would like to know. Please no ID or card numbers."),
        max_length=MAX_WORDS_TEXT,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write what you would like to add."), "max_length": _TOO_LONG},
    )


class ReceiptForm(forms.Form):
    """The receipt, typed in by hand."""

    receipt = forms.CharField(
        label=_("Your receipt"),
        help_text=_("Twenty letters and digits. Dashes, spaces and capitals do not matter."),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}),
        error_messages={"required": _("Type the code that you were given when you reported.")},
    )
