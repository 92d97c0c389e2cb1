"""The API: what programs may ask of a clinic.  Documented at /api/docs from the types themselves."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import ValidationError

from stillhaven import __version__
from stillhaven.clinic.monitoring.ingest import router as ingest_router
from stillhaven.clinic.people.roles import NotAllowed
from stillhaven.clinic.people.tokens import NotSignedIn
from stillhaven.clinic.vitals.api import router as readings_router
from stillhaven.science.errors import BadInput

api = NinjaAPI(title="stillhaven", version=__version__, docs_url=None, urls_namespace="api")
api.add_router("", ingest_router)
api.add_router("", readings_router)


@api.exception_handler(NotSignedIn)
def not_signed_in(request: HttpRequest, error: Exception) -> HttpResponse:
    response = api.create_response(request, {"why": str(error)}, status=401)
    response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(NotAllowed)
def not_allowed(request: HttpRequest, error: Exception) -> HttpResponse:
    return api.create_response(request, {"why": str(error)}, status=403)


@api.exception_handler(BadInput)
def bad_input(request: HttpRequest, error: Exception) -> HttpResponse:
    assert isinstance(error, BadInput)
    return api.create_response(request, {"field": error.field, "why": error.why}, status=422)


@api.exception_handler(ValidationError)
def not_valid(request: HttpRequest, error: Exception) -> HttpResponse:
    assert isinstance(error, ValidationError)
    first = error.errors[0] if error.errors else {}
    field = ".".join(str(part) for part in first.get("loc", ()))
    return api.create_response(request, {"field": field, "why": first.get("msg", "cannot be read")}, status=422)
