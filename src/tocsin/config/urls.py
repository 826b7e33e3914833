"""The root of all addresses."""

from django.urls import include, path

urlpatterns = [
    path("", include("tocsin.portal.urls")),
    path("desk/", include("tocsin.console.urls")),
    path("account/", include("tocsin.config.account_urls")),
    path("language/", include("django.conf.urls.i18n")),
]

handler400 = "tocsin.config.errors.bad_request"
handler403 = "tocsin.config.errors.forbidden"
handler404 = "tocsin.config.errors.not_found"
handler500 = "tocsin.config.errors.server_error"
