"""Is the clinic well?  For the supervisor, a load balancer, and whoever is on call."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse

from stillhaven.clinic.record import clock


def healthz(request: HttpRequest) -> JsonResponse:
    """200 with the state of each part; 503 when the database does not answer, or its tables are still being made."""
    parts: dict[str, Any] = _supervised()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        parts["database"] = {"state": "up"}
        ok = True
    except DatabaseError as error:
        parts["database"] = {"state": "down", "why": type(error).__name__}
        ok = False
    ok = ok and parts.get("migrate", {}).get("state", "stopped") == "stopped"
    body = {"status": "ok" if ok else "failing", "now": clock.now().isoformat(), "parts": parts}
    return JsonResponse(body, status=200 if ok else 503)


def _supervised() -> dict[str, Any]:
    """What the supervisor last wrote of the processes it runs; empty where nobody supervises."""
    path = Path(settings.STILLHAVEN_DATA) / "run" / "status.json"
    try:
        parts: dict[str, Any] = json.loads(path.read_text()).get("parts", {})
    except (OSError, ValueError):
        return {}
    return {name: {"state": part.get("state"), "restarts": part.get("restarts", 0)} for name, part in parts.items()}
