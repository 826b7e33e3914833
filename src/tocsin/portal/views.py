"""The public pages. A view turns a request into an action or a query, and nothing else."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.timezone import localdate
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tocsin.base import clock
from tocsin.campaigns.access import find_campaign_of, standing_decision
from tocsin.campaigns.advice import advice_for
from tocsin.campaigns.assessing import assess
from tocsin.campaigns.marking import mark, mark_assessment
from tocsin.campaigns.states import CampaignStatus, InvalidTransition
from tocsin.engine.harms import Harm
from tocsin.figures.queries import NoCheckpointError, current_figures, current_report
from tocsin.intake import actions as intake
from tocsin.intake.access import decision_for, get_report_by_receipt
from tocsin.intake.models import Report
from tocsin.intake.receipts import in_groups, new_token
from tocsin.intake.states import ReportClosed, ReportStatus, ThreadFull
from tocsin.ledger.access import export_lines, latest_checkpoint
from tocsin.people.access import root_agency
from tocsin.people.models import Agency
from tocsin.portal.charter import charter_articles
from tocsin.portal.charts import chart_by_day
from tocsin.portal.doors import CHECK, EXPORT, RECEIPT, REPORT, WORDS, at_most
from tocsin.portal.forms import CheckForm, ReceiptForm, ReportForm, WordsForm


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What the desk is, with the box to check a message."""
    return render(request, "portal/home.html", {"form": CheckForm()})


@require_http_methods(["GET", "HEAD", "POST"])
@at_most(CHECK)
@never_cache
def check(request: HttpRequest) -> HttpResponse:
    """Check one message. Nothing of it is stored."""
    if request.method != "POST":
        return render(request, "portal/check.html", {"form": CheckForm()})
    form = CheckForm(request.POST)
    if not form.is_valid():
        return render(request, "portal/check.html", {"form": form}, status=400)
    if request.POST.get("language") in dict(settings.LANGUAGES):
        return _in_another_language(request, form.cleaned_data["text"], request.POST["language"])
    return _show_verdict(request, form.cleaned_data["text"])


@require_POST
@at_most(REPORT)
@never_cache
def report(request: HttpRequest) -> HttpResponse:
    """File the checked message as a report and lead to its receipt."""
    form = ReportForm(request.POST)
    if not form.is_valid():
        text = form.data.get("text", "")
        if isinstance(text, str) and CheckForm({"text": text}).is_valid():
            # A form that went stale loses nothing: the same text, with a fresh form under it.
            messages.error(request, gettext("This form is no longer valid. Please press the button once more."))
            return _show_verdict(request, text, status=400)
        return render(request, "portal/check.html", {"form": CheckForm({"text": text})}, status=400)
    try:
        agency = form.cleaned_data["agency"] or root_agency()
    except Agency.DoesNotExist:
        return render(request, "errors/not_ready.html", status=503)
    _, code = intake.receive_report(
        text=form.cleaned_data["text"],
        token=form.cleaned_data["token"],
        agency=agency,
    )
    return redirect("portal:receipt", receipt=code)


@require_http_methods(["GET", "HEAD", "POST"])
@at_most(RECEIPT)
def find_report(request: HttpRequest) -> HttpResponse:
    """Come back with a receipt."""
    form = ReceiptForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data["receipt"]
        try:
            get_report_by_receipt(typed)
        except Http404:
            form.add_error("receipt", gettext("There is no such receipt. Check each of the twenty letters and digits."))
            return render(request, "portal/find_report.html", {"form": form}, status=404)
        return redirect("portal:receipt", receipt=in_groups(typed))
    return render(request, "portal/find_report.html", {"form": form}, status=400 if form.is_bound else 200)


@require_safe
@at_most(RECEIPT, methods=("GET", "HEAD"))
@never_cache
def receipt(request: HttpRequest, receipt: str) -> HttpResponse:
    """The state of one report, for whoever holds its receipt."""
    return _show_receipt(request, get_report_by_receipt(receipt), receipt, WordsForm())


@require_POST
@at_most(WORDS)
@never_cache
def add_words(request: HttpRequest, receipt: str) -> HttpResponse:
    """The reporter adds something."""
    found = get_report_by_receipt(receipt)
    form = WordsForm(request.POST)
    if form.is_valid():
        try:
            intake.add_words(report=found, text=form.cleaned_data["text"])
        except Report.DoesNotExist:
            # It has expired while its reporter was writing.
            raise Http404 from None
        except ReportClosed:
            form.add_error(
                "text", gettext("This report is closed. If something new has happened, please report it anew.")
            )
        except ThreadFull:
            form.add_error("text", gettext("This report is full. Please report what is new as a new report."))
        else:
            messages.success(request, gettext("Added. The desk will see it."))
            return redirect("portal:receipt", receipt=receipt)
    return _show_receipt(request, found, receipt, form, status=400)


@require_POST
@at_most(WORDS)
@never_cache
def close(request: HttpRequest, receipt: str) -> HttpResponse:
    """The reporter has what was needed."""
    found = get_report_by_receipt(receipt)
    try:
        intake.close_report(report=found)
    except Report.DoesNotExist:
        raise Http404 from None
    except InvalidTransition:
        messages.error(request, gettext("There is no answer yet, so the report stays open."))
    return redirect("portal:receipt", receipt=receipt)


@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """What came in, what was answered, how fast: straight from the ledger."""
    found = current_figures()
    context = {
        "figures": found,
        "chart": chart_by_day(found, localdate(clock.now())),
        "checkpoint": latest_checkpoint(),
        "harms": sorted(found.by_harm.items(), key=lambda item: -item[1].received),
    }
    return render(request, "portal/figures.html", context)


@require_safe
@at_most(EXPORT, methods=("GET",))
def figures_report(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django passes it
    """The signed transparency report, for whoever wants to recompute it. 404 before the first checkpoint."""
    try:
        report = current_report()
    except NoCheckpointError:
        raise Http404 from None
    return HttpResponse(report, content_type="application/json", headers=_as_file("report.json"))


@require_safe
@at_most(EXPORT, methods=("GET",))
def ledger_export(request: HttpRequest) -> StreamingHttpResponse:  # noqa: ARG001 - Django passes it
    """The ledger itself, as ``tocsin ledger export`` writes it. 404 before the first checkpoint."""
    if latest_checkpoint() is None:
        raise Http404
    headers = _as_file("ledger.jsonl")
    return StreamingHttpResponse(export_lines(), content_type="application/jsonl", headers=headers)


@require_safe
def charter(request: HttpRequest) -> HttpResponse:
    """What the desk does, and what it never does."""
    return render(request, "portal/charter.html", {"articles": charter_articles()})


def _as_file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _in_another_language(request: HttpRequest, text: str, language: str) -> HttpResponse:
    """The language button on a verdict: the same verdict again, since its text stands nowhere else."""
    translation.activate(language)
    response = _show_verdict(request, text)
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, samesite="Lax", secure=settings.HTTPS)
    return response


def _show_verdict(request: HttpRequest, text: str, *, status: int = 200) -> HttpResponse:
    assessment = assess(text)
    match = find_campaign_of(text, assessment)
    decision = standing_decision(match.campaign) if match else None
    dismissed = decision is not None and decision.after == CampaignStatus.DISMISSED
    harm = assessment.harm
    if decision is not None:
        harm = Harm(decision.harm) if decision.harm and not dismissed else None
    context = {
        "checked_text": text,
        "assessment": assessment,
        "marked": mark_assessment(text, assessment),
        "decision": decision,
        "dismissed": dismissed,
        "harm": harm,
        "advice": advice_for(harm),
        "copies": match.campaign.sighting_count if match else 0,
        "form": ReportForm(initial={"text": text, "token": new_token()}),
    }
    return render(request, "portal/verdict.html", context, status=status)


def _show_receipt(
    request: HttpRequest, found: Report, receipt: str, form: WordsForm, *, status: int = 200
) -> HttpResponse:
    decision = decision_for(found)
    harm = Harm(decision.harm) if decision and decision.harm and decision.after == CampaignStatus.CONFIRMED else None
    sighting = found.sighting
    context = {
        "report": found,
        "receipt": receipt,
        "decision": decision,
        "harm": harm,
        # Until a person has decided, what the engine saw is the best advice there is.
        "advice": advice_for(harm if decision else sighting.harm),
        "marked": mark(sighting.text, sighting.signals),
        "changes": found.changes.all(),
        "words": found.words.all(),
        "form": form,
        "may_add": found.status != ReportStatus.CLOSED,
        "may_close": found.status == ReportStatus.ANSWERED,
    }
    return render(request, "portal/receipt.html", context, status=status)
