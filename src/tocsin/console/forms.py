"""What an officer fills in."""

from typing import Any

from django import forms
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from tocsin.campaigns.naming import harm_choices
from tocsin.campaigns.rulings import Ruling
from tocsin.campaigns.states import Dismissal
from tocsin.engine.harms import Harm

_REASON_LENGTH = 2_000
_NEEDS_REASON = _("Write why: colleagues, and whoever reviews this decision, will read it.")


class _ReasonForm(forms.Form):
    """A reason for colleagues, and an answer for the reporters."""

    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("For colleagues and for review. Reporters do not see it."),
        max_length=_REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _NEEDS_REASON},
    )
    answer = forms.CharField(
        label=_("Answer to everyone who reported a copy"),
        help_text=_("Shown above the standing advice. May stay empty."),
        max_length=_REASON_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def ruling(self) -> Ruling:
        """The decision as filled in."""
        data = self.cleaned_data
        return Ruling(
            reason=data["reason"],
            answer=data.get("answer", ""),
            harm=Harm(data["harm"]) if data.get("harm") else None,
            dismissal=Dismissal(data["dismissal"]) if data.get("dismissal") else None,
        )


class ConfirmForm(_ReasonForm):
    """This campaign is a harm."""

    harm = forms.ChoiceField(
        label=_("Harm"),
        choices=lazy(harm_choices, list),
        error_messages={"required": _("Choose the harm that this campaign is.")},
    )
    field_order = ["harm", "reason", "answer"]


class DismissForm(_ReasonForm):
    """This campaign is none."""

    dismissal = forms.ChoiceField(
        label=_("What it is"),
        choices=[("", "—"), *Dismissal.choices],
        error_messages={"required": _("Choose what this campaign is instead.")},
    )
    field_order = ["dismissal", "reason", "answer"]


class ReopenForm(_ReasonForm):
    """Look again."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["answer"]


class ReplyForm(forms.Form):
    """An answer to one reporter."""

    text = forms.CharField(
        label=_("Reply to this reporter"),
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write what the reporter should read.")},
    )
