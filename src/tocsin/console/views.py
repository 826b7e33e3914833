"""The staff pages. A view turns a request into an action or a query, and nothing else."""

from collections.abc import Callable
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from tocsin.campaigns.access import (
    QueueFilter,
    counts_by,
    get_campaign_for,
    indicators_for,
    may_decide,
    open_count,
    queue_for,
    representative_for,
    sightings_for,
)
from tocsin.campaigns.advice import advice_for
from tocsin.campaigns.marking import mark
from tocsin.campaigns.models import Campaign, CampaignChange
from tocsin.campaigns.naming import harm_choices
from tocsin.campaigns.rulings import Ruling
from tocsin.campaigns.states import CampaignStatus, InvalidTransition
from tocsin.console.forms import ConfirmForm, DismissForm, ReopenForm, ReplyForm
from tocsin.intake import actions as intake
from tocsin.intake.access import (
    answered_count,
    campaigns_waiting,
    get_report_for,
    reports_for,
    reports_with_rights,
    waiting_count,
    with_waiting,
)
from tocsin.intake.states import ReportClosed
from tocsin.people.access import signed_in

PAGE = 50
Decide = Callable[..., CampaignChange]


@require_safe
@login_required
@never_cache
def queue(request: HttpRequest) -> HttpResponse:
    """The campaigns, the largest first; filters are plain links."""
    member = signed_in(request)
    harms = {value for value, _ in harm_choices()} | {"none"}
    status, harm = request.GET.get("status", "open"), request.GET.get("harm", "")
    chosen = QueueFilter(
        status=status if status in {"open", "", *CampaignStatus.values} else "open", harm=harm if harm in harms else ""
    )
    waiting = campaigns_waiting(member)
    page = Paginator(queue_for(member, chosen, waiting), PAGE).get_page(request.GET.get("page"))
    by_status = counts_by(member, "status")
    context = {
        "page": page,
        "rows": with_waiting(member, page),
        "chosen": chosen,
        "by_status": [(value, label, by_status.get(value, 0)) for value, label in CampaignStatus.choices],
        "open_count": open_count(member, waiting),
        "all_count": sum(by_status.values()),
        "harms": harm_choices()[1:],
        "page_query": urlencode({"status": chosen.status, "harm": chosen.harm}) + "&",
    }
    return render(request, "console/queue.html", context)


@require_safe
@login_required
@never_cache
def campaign(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One campaign: its text with the signals marked, what it is made of, and the decision."""
    return _show_campaign(request, get_campaign_for(signed_in(request), public_id))


@require_POST
@login_required
def start_review(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take a campaign up."""
    member = signed_in(request)
    found = get_campaign_for(member, public_id)
    try:
        intake.start_review(actor=member, campaign=found)
    except InvalidTransition:
        return _show_conflict(request, found)
    return redirect("console:campaign", public_id=public_id)


@require_POST
@login_required
def confirm(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """This is a harm: answer everyone who reported a copy."""
    return _decide(request, public_id, ConfirmForm(request.POST, auto_id="confirm_%s"), intake.confirm_campaign)


@require_POST
@login_required
def dismiss(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """This is none: answer everyone who reported a copy."""
    return _decide(request, public_id, DismissForm(request.POST, auto_id="dismiss_%s"), intake.dismiss_campaign)


@require_POST
@login_required
def reopen(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Look at a decided campaign again."""
    return _decide(request, public_id, ReopenForm(request.POST, auto_id="reopen_%s"), intake.reopen_campaign)


@require_POST
@login_required
def reply(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Answer one reporter in the desk's own words."""
    member = signed_in(request)
    report = get_report_for(member, public_id)
    form = ReplyForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("The reply was empty or too long, so nothing was sent."))
    else:
        try:
            intake.reply(actor=member, report=report, text=form.cleaned_data["text"])
            messages.success(request, gettext("Sent. The reporter reads it on the receipt page."))
        except ReportClosed:
            messages.error(request, gettext("The reporter has closed this report."))
    return redirect("console:campaign", public_id=report.sighting.campaign.public_id)


def _decide(
    request: HttpRequest, public_id: UUID, form: ConfirmForm | DismissForm | ReopenForm, act: Decide
) -> HttpResponse:
    member = signed_in(request)
    found = get_campaign_for(member, public_id)
    if not form.is_valid():
        return _show_campaign(request, found, form=form, status=400)
    ruling: Ruling = form.ruling()
    try:
        change = act(actor=member, campaign=found, ruling=ruling)
    except InvalidTransition:
        return _show_conflict(request, found)
    if change.after in {CampaignStatus.CONFIRMED, CampaignStatus.DISMISSED}:
        answered, left = answered_count(change), waiting_count(member, found)
        messages.success(request, gettext("Decided. Reports answered by this: %(number)d.") % {"number": answered})
        if left:
            messages.warning(
                request,
                gettext("Reporters who have also written, and wait for a reply: %(number)d.") % {"number": left},
            )
    return redirect("console:campaign", public_id=public_id)


def _show_conflict(request: HttpRequest, found: Campaign) -> HttpResponse:
    """Somebody else was faster: show the campaign as it is now."""
    messages.error(request, gettext("Somebody has changed this campaign meanwhile. Nothing was overwritten."))
    return _show_campaign(request, get_campaign_for(signed_in(request), found.public_id), status=409)


def _show_campaign(
    request: HttpRequest,
    found: Campaign,
    *,
    form: ConfirmForm | DismissForm | ReopenForm | None = None,
    status: int = 200,
) -> HttpResponse:
    member = signed_in(request)
    text = representative_for(member, found)
    reports = Paginator(reports_for(member, found), 20).get_page(request.GET.get("reports"))
    context = {
        "campaign": found,
        "text": text,
        "marked": mark(text.text, text.signals) if text else None,
        "indicators": indicators_for(member, found),
        "sightings": Paginator(sightings_for(member, found), 20).get_page(request.GET.get("sightings")),
        "reports": reports_with_rights(member, reports),
        "report_page": reports,
        "waiting": waiting_count(member, found),
        "changes": found.changes.select_related("member"),
        "may_decide": may_decide(member, found),
        "confirm_form": (
            form if isinstance(form, ConfirmForm) else ConfirmForm(initial={"harm": found.harm}, auto_id="confirm_%s")
        ),
        "dismiss_form": form if isinstance(form, DismissForm) else DismissForm(auto_id="dismiss_%s"),
        "reopen_form": form if isinstance(form, ReopenForm) else ReopenForm(auto_id="reopen_%s"),
        "reply_form": ReplyForm(),
        "advice": advice_for(found.harm),
    }
    return render(request, "console/campaign.html", context, status=status)
