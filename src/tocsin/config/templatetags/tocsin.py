"""Template filters of the design system."""

from django import template
from django.utils.translation import gettext, ngettext, ngettext_lazy, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from tocsin.campaigns import naming

register = template.Library()

INDICATOR_NAMES = {
    "url": _("link"),
    "domain": _("domain"),
    "ip": _("IP address"),
    "email": _("e-mail"),
    "phone": _("phone"),
    "card": _("bank card"),
    "bank_account": _("bank account"),
    "wallet": _("crypto wallet"),
    "wechat": _("WeChat"),
    "qq": pgettext_lazy("chat app", "QQ"),
    "telegram": pgettext_lazy("chat app", "Telegram"),
    "whatsapp": pgettext_lazy("chat app", "WhatsApp"),
    "line": pgettext_lazy("chat app", "LINE"),
    "file_hash": _("file hash"),
}


UNITS = (
    (86_400, ngettext_lazy("%(n)s day", "%(n)s days", "n")),
    (3_600, ngettext_lazy("%(n)s hour", "%(n)s hours", "n")),
    (60, ngettext_lazy("%(n)s minute", "%(n)s minutes", "n")),
)


@register.filter
def harm_name(harm: str | None) -> str:
    """A harm's name in the reader's language."""
    return naming.harm_name(harm)


@register.filter
def is_offer(harm: str | None) -> bool:
    """Whether a harm is an unlawful offer rather than a scam."""
    return naming.is_offer(harm)


@register.filter
def indicator_name(kind: str) -> str:
    """An indicator kind's name in the reader's language."""
    return str(INDICATOR_NAMES.get(kind, kind))


@register.filter
def percent(share: float | None) -> str:
    """A share from 0 to 1 as whole per cent; a dash where there is none."""
    return "–" if share is None else f"{round(share * 100)}%"


@register.filter
def duration(seconds: int | None) -> str:
    """A time span in the largest fitting unit, for people; a dash where there is none."""
    if seconds is None:
        return "–"
    if seconds == 0:
        return gettext("at once")
    for size, unit in UNITS:
        if seconds >= size * 1.5:
            return str(unit % {"n": round(seconds / size)})
    return str(ngettext("%(n)s second", "%(n)s seconds", seconds) % {"n": seconds})


@register.filter
def receipt_groups(receipt: str) -> str:
    """A receipt as typed, in groups of five."""
    code = "".join(letter for letter in receipt.upper() if letter.isalnum())
    return "-".join(code[place : place + 5] for place in range(0, len(code), 5))
