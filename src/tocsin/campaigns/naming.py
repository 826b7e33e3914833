"""Names of harms in the reader's language."""

from django.utils.translation import get_language

from tocsin.engine.harms import HARM_NAMES, Harm


def harm_name(harm: Harm | str | None) -> str:
    """The name of a harm in the reader's language; empty for none."""
    if not harm:
        return ""
    name = HARM_NAMES[Harm(harm)]
    return name.en if get_language() == "en" else name.zh


# Offers of something unlawful. Whoever gets one is lured rather than lied to, and "scam" would be the wrong word.
_OFFERS = frozenset({Harm.FORGED_PAPERS, Harm.ILLICIT_TRADE, Harm.ACCOUNT_TRADE, Harm.DATA_TRADE, Harm.HACKING_SERVICE})


def is_offer(harm: Harm | str | None) -> bool:
    """Whether a harm is an unlawful offer rather than a scam."""
    return harm is not None and harm in _OFFERS


def harm_choices() -> list[tuple[str, str]]:
    """All harms for a form's list, an empty line first."""
    return [("", "—"), *((harm.value, harm_name(harm)) for harm in Harm)]
