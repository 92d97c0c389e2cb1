"""The addresses of the whole clinic."""

from django.urls import include, path

from stillhaven.clinic.web import health
from stillhaven.clinic.web.api import api

urlpatterns = [
    path("healthz", health.healthz),
    path("api/", api.urls),
    path("accounts/", include("allauth.urls")),
]

handler404 = "stillhaven.clinic.web.errors.not_found"
handler500 = "stillhaven.clinic.web.errors.server_error"
