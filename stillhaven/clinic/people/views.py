"""Unlocking, staff, and who looked: HTTP in, HTML out."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from stillhaven.clinic.people.gate import staff_required
from stillhaven.clinic.people.unlock import roster


def unlock(request: HttpRequest) -> HttpResponse:
    return render(request, "people/unlock.html", {"roster": roster(request)})


def lock(request: HttpRequest) -> HttpResponse:
    return redirect("people:unlock")


@staff_required
def staff(request: HttpRequest) -> HttpResponse:
    return render(request, "people/staff.html")


@staff_required
def access(request: HttpRequest) -> HttpResponse:
    return render(request, "people/access.html")
