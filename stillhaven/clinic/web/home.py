"""The first page, by who one is; the service worker's address; the API's own documentation."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from stillhaven.clinic.people.roles import may
from stillhaven.clinic.public.education_views import front
from stillhaven.clinic.web.api import api
from stillhaven.clinic.web.middleware import serve


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Staff come to the board, patients to their own pages, everyone else to the public front page."""
    user: Any = request.user
    if not user.is_authenticated:
        return front(request)
    if not user.is_clinic_staff:
        return redirect("portal:home")
    if may(user, "board.view"):
        return redirect("chart:board")
    return render(request, "home.html")


@require_GET
def service_worker(request: HttpRequest) -> HttpResponseBase:
    """The service worker stands at the root, since its reach is the folder that it is served from."""
    request.path = "/static/js/sw.js"
    response = serve(request)
    response["Service-Worker-Allowed"] = "/"
    return response


@require_GET
def api_docs(request: HttpRequest) -> HttpResponse:
    """The API in words, made from its own OpenAPI description (/api/openapi.json)."""
    schema = api.get_openapi_schema()
    operations = [
        {"method": method.upper(), "path": path, **operation}
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]
    return render(request, "api_docs.html", {"schema": schema, "operations": operations})
