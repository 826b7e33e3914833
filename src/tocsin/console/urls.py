"""Addresses of the staff pages."""

from django.urls import path

from tocsin.console import views

app_name = "console"
urlpatterns = [
    path("", views.queue, name="queue"),
    path("campaigns/<uuid:public_id>", views.campaign, name="campaign"),
    path("campaigns/<uuid:public_id>/review", views.start_review, name="start_review"),
    path("campaigns/<uuid:public_id>/confirm", views.confirm, name="confirm"),
    path("campaigns/<uuid:public_id>/dismiss", views.dismiss, name="dismiss"),
    path("campaigns/<uuid:public_id>/reopen", views.reopen, name="reopen"),
    path("reports/<uuid:public_id>/reply", views.reply, name="reply"),
]
