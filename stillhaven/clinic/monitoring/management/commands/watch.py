"""`manage watch`: judge alarms every second and at every arrival, until told to stop."""

from __future__ import annotations

import logging
import signal
import time
from typing import Any

import psycopg
from django.core.management.base import BaseCommand
from django.db import close_old_connections

from stillhaven.clinic.monitoring.hub import CHANNEL, connection_arguments
from stillhaven.clinic.monitoring.watch import Watch
from stillhaven.clinic.record.verify import export_heads

log = logging.getLogger("stillhaven.watch")
ROUND_S = 1.0
HEADS_EVERY_S = 10.0


class Command(BaseCommand):
    requires_system_checks: list[str] = []  # quick to start: `manage check` is a step of its own
    help = "Judge alarms every second and at every arrival."

    def handle(self, *args: Any, **options: Any) -> None:
        self.going = True
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        watch, heads_at = Watch(), 0.0
        with psycopg.connect(**connection_arguments(), autocommit=True) as listener:
            listener.execute(f"LISTEN {CHANNEL}")
            log.info("the watch looks after the open sessions")
            while self.going:
                begun = time.monotonic()
                watch.look()
                watch.beat()
                if begun - heads_at > HEADS_EVERY_S:
                    export_heads()
                    heads_at = begun
                self.wait(listener, watch, begun)

    def wait(self, listener: psycopg.Connection[Any], watch: Watch, begun: float) -> None:
        """Until the next second; sooner when something was committed, but never more than five rounds a second."""
        close_old_connections()
        while self.going and (left := ROUND_S - (time.monotonic() - begun)) > 0:
            for notice in listener.notifies(timeout=min(left, 0.2), stop_after=1):
                watch.note(notice.payload)
            if watch.stale and time.monotonic() - begun > 0.2:
                return

    def stop(self, *args: Any) -> None:
        self.going = False
