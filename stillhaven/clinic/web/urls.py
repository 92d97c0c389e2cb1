"""The addresses of the whole clinic."""

from django.conf import settings
from django.urls import include, path

from stillhaven.clinic.web import health, home
from stillhaven.clinic.web.api import api
from stillhaven.clinic.web.styleguide import styleguide

urlpatterns = [
    path("", home.home, name="home"),
    path("sw.js", home.service_worker, name="sw"),
    path("healthz", health.healthz),
    path("api/docs", home.api_docs, name="api_docs"),
    path("api/", api.urls),
    path("accounts/", include("allauth.urls")),
    path("", include("stillhaven.clinic.people.urls")),
    path("sessions/", include("stillhaven.clinic.monitoring.urls")),
    path("drills/", include("stillhaven.clinic.monitoring.drill_urls")),
    path("sessions/", include("stillhaven.clinic.session.urls")),
    path("sessions/", include("stillhaven.clinic.recovery.urls")),
    path("", include("stillhaven.clinic.plan.urls")),
    path("", include("stillhaven.clinic.chart.urls")),
    path("me/", include("stillhaven.clinic.portal.urls")),
    path("me/", include("stillhaven.clinic.portal.account_urls")),
    path("", include("stillhaven.clinic.portal.outside_urls")),
    path("", include("stillhaven.clinic.intake.urls")),
    path("", include("stillhaven.clinic.candidacy.urls")),
    path("", include("stillhaven.clinic.consent.urls")),
    path("stock/", include("stillhaven.clinic.stock.urls")),
    path("schedule/", include("stillhaven.clinic.schedule.urls")),
    path("", include("stillhaven.clinic.scales.urls")),
    path("", include("stillhaven.clinic.messages.urls")),
    path("", include("stillhaven.clinic.outcomes.urls")),
    path("", include("stillhaven.clinic.followup.urls")),
    path("", include("stillhaven.clinic.therapy.urls")),
    path("registry/", include("stillhaven.clinic.registry.urls")),
    path("", include("stillhaven.clinic.public.urls")),
]

if settings.MODE != "clinic":  # for those who build it
    urlpatterns.append(path("styleguide/", styleguide, name="styleguide"))

handler400 = "stillhaven.clinic.web.errors.bad_request"
handler404 = "stillhaven.clinic.web.errors.not_found"
handler500 = "stillhaven.clinic.web.errors.server_error"
