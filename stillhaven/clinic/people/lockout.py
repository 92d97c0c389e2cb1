"""What somebody sees after too many wrong passwords, and by which name tries are counted."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def locked_out(request: HttpRequest, credentials: Any = None, *args: Any, **kwargs: Any) -> HttpResponse:
    """429: wait, or ask an administrator; the same words whether the account exists or not."""
    return render(request, "account/locked_out.html", status=429)


def whose(request: HttpRequest, credentials: Any = None) -> str:
    """The e-mail address that is being tried, however it is written."""
    tried = (credentials or {}).get("email") or (credentials or {}).get("login") or request.POST.get("login", "")
    return str(tried).strip().lower()
