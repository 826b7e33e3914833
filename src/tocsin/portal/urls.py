"""Addresses of the public pages."""

from django.urls import path

from tocsin.portal import views

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("check", views.check, name="check"),
    path("report", views.report, name="report"),
    path("report/", views.find_report, name="find_report"),
    path("report/<str:receipt>", views.receipt, name="receipt"),
    path("report/<str:receipt>/words", views.add_words, name="add_words"),
    path("report/<str:receipt>/close", views.close, name="close"),
    path("figures", views.figures, name="figures"),
    path("figures/report.json", views.figures_report, name="figures_report"),
    path("figures/ledger.jsonl", views.ledger_export, name="ledger_export"),
    path("charter", views.charter, name="charter"),
]
