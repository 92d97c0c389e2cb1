"""One session as its screen shows it: the whole state, and what is new since a cursor."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from stillhaven.clinic.monitoring import gather, panels
from stillhaven.clinic.monitoring.coverage import CoverageRun
from stillhaven.clinic.monitoring.models import Heartbeat
from stillhaven.clinic.monitoring.prediction import prediction
from stillhaven.clinic.monitoring.tiles import LimitShown, Recent, iso, ms, points, tiles
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.looking import one_look
from stillhaven.clinic.record.models import Head
from stillhaven.clinic.session import due, giving, queries
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.vitals import queries as vitals
from stillhaven.clinic.vitals.models import ReadingMark
from stillhaven.reference import load as reference
from stillhaven.science import alarms
from stillhaven.science.dose_entries import DoseEntry
from stillhaven.science.vitals import Mode

_RAW_AFTER_A_CUT = 20_000  # readings that are sent one by one to a screen that comes back; beyond that, all anew
_BUCKETS = 720
_DRAWN_ON = timedelta(minutes=5)  # the estimate on a screen is renewed after so long without anything new


@dataclass
class LiveSession:
    """One session with the last minutes of readings at hand, kept up by the hub or read for one answer."""

    session: TreatmentSession
    charted: frozenset[Mode]
    worn: tuple[vitals.Worn, ...]
    marks: tuple[ReadingMark, ...]
    recent: Recent
    coverage: CoverageRun
    start: datetime
    ended: datetime | None
    plan: alarms.AlarmPlan
    events: list[alarms.AlarmEvent]
    doses: list[DoseEntry]
    limits: dict[str, LimitShown]
    baseline: dict[str, float]
    timetable: due.Timetable
    cursor_v: int
    cursor_c: int
    watch_beat: str | None = None
    estimate: dict[str, Any] | None = None
    predicted_at: datetime | None = None

    @property
    def site(self) -> int:
        return self.session.site_id

    @property
    def patient_id(self) -> int:
        return self.session.patient_id

    @property
    def cursor(self) -> str:
        return f"v{self.cursor_v}.c{self.cursor_c}"

    @classmethod
    def load(cls, session_id: int) -> LiveSession:
        """Read everything from the record, each thing once."""
        with one_look():
            return cls._load(session_id)

    @classmethod
    def _load(cls, session_id: int) -> LiveSession:
        # The cursor first: what is committed while we read is sent again rather than missed.
        heads = dict(Head.objects.values_list("name", "count"))
        now, session = clock.now(), queries.open_or_closed(session_id)
        start, end = queries.window(session, now)
        charted, signals = gather.charted(session), reference.current().signals
        worn = tuple(vitals.worn_by(session.patient_id, start, end))
        recent = Recent(signals=signals, charted=charted)
        recent.take(vitals.readings_of(session.patient_id, max(start, end - timedelta(minutes=15)), end))
        watched = {k: signals[k] for k in reference.current().session.start.monitored_signals if k in signals}
        begun = queries.moment_of(session, "make_ready") or start
        plan = gather.plan_of(session)
        return cls(
            session=session, charted=charted, recent=recent, start=start, plan=plan,
            worn=worn, marks=tuple(vitals.marks_of(session.patient_id, start, end)), ended=end if end <= now else None,
            coverage=CoverageRun.load(session.patient_id, watched, begun, now),
            events=gather.events_of(session), doses=queries.dose_entries(queries.doses(session)),
            limits=limits_shown(plan, now), baseline=queries.baseline(session),
            timetable=due.timetable(session, now),
            watch_beat=last_beat(), cursor_v=heads.get(f"vitals:{session.site_id}", 0),
            cursor_c=heads.get(f"clinic:{session.site_id}", 0),
        )  # fmt: skip

    # ------------------------------------------------------------ whole
    def state(self, *, curves: bool = True) -> dict[str, Any]:
        """Everything, for a screen that knows nothing yet."""
        now = clock.now()
        points_shown = self._envelope(self._end(now)) if curves else {}
        return {"full": True, **self.clinical(now), "points": points_shown, **self.known(now)}

    def clinical(self, now: datetime) -> dict[str, Any]:
        """What only the database tells."""
        shown, person = panels.header(self.session, now)
        happened = panels.events(queries.moves(self.session), queries.doses(self.session), queries.events(self.session))
        return {
            "session": shown, "patient": person, "events": happened, "actions": panels.deeds(self.session),
            "giving": giving.for_screen(self.session, now), "pk": self.prediction(now),
        }  # fmt: skip

    def known(self, now: datetime | None = None) -> dict[str, Any]:
        """What is at hand without the database."""
        return {**self.tick(now), "tiles": self._tiles()}

    def tick(self, now: datetime | None = None) -> dict[str, Any]:
        """What time alone changes: drug so far, what is due, coverage, open alarms, who is alive.  Reads no database."""
        now = now or clock.now()
        until = min(now, self._end(now))
        audio = alarms.audio_state(self.events, now)
        renewed = {"pk": self.prediction(now)} if self._estimate_is_old(now) else {}
        return {
            **renewed,
            "cursor": self.cursor,
            "now": iso(now),
            "drug": panels.drug(self.session, self.doses, until),
            "due": self.timetable.shown(now),
            "alarms": [a.as_dict() for a in alarms.open_alarms(self.events, now)],
            "audio": {"paused_until": iso(audio.paused_until) if audio.paused_until else None, "by": audio.by},
            "coverage": self.coverage.shown(until),
            "gaps": self.coverage.for_screen(until),
            "parts": self._parts(),
        }

    def _end(self, now: datetime) -> datetime:
        """Until when readings belong to this session; a move that changes it reloads the session."""
        return min(now, self.ended) if self.ended else now + timedelta(seconds=1)

    def prediction(self, now: datetime) -> dict[str, Any] | None:
        """The model estimate, worked out anew at most once a minute; it is information, and no rule reads it."""
        if self.predicted_at is None or now - self.predicted_at >= timedelta(minutes=1):
            self.estimate = prediction(self.session, self.doses, min(now, self._end(now)))
            self.predicted_at = now
        return self.estimate

    def _estimate_is_old(self, now: datetime) -> bool:
        """A curve that stands is drawn on from time to time: a pump that was not stopped goes on giving.

        Only where the order says the weight, so that no database is asked.
        """
        order = self.session.order
        if self.estimate is None or self.predicted_at is None or order is None or not order.weight_kg:
            return False
        return now - self.predicted_at >= _DRAWN_ON

    def _tiles(self) -> list[dict[str, Any]]:
        asked = reference.current().session.start.monitored_signals
        return tiles(self.recent, self.limits, self.baseline, [k for k in asked if k not in ("systolic_mmhg",)])

    def _parts(self) -> dict[str, Any]:
        newest = max((r.arrived_at for r in self.recent.newest.values()), default=None)
        on = [w for w in self.worn if w.end is None] or list(self.worn)
        device = on[-1].device_key if on else ""
        return {
            "watch_beat": self.watch_beat,
            "monitor": {"device": device, "last": iso(newest) if newest else None, "attached": bool(self.worn)},
        }

    def _envelope(self, end: datetime) -> dict[str, list[list[float]]]:
        span = max(60.0, (end - self.start).total_seconds())
        bucket = max(5.0, span / _BUCKETS)
        out: dict[str, list[list[float]]] = {}
        for signal, at, low, high, mean, _n in vitals.envelope(self.patient_id, self.start, end, bucket):
            out.setdefault(signal, []).append([ms(at), low, high, round(mean, 3)])
        return out

    # ------------------------------------------------------------ what is new
    @property
    def sources(self) -> set[tuple[str, int | None]]:
        """Where this session's readings come from: the patient's own (by hand), and every device they wore."""
        return {("patient", self.patient_id), *(("device", w.device_id) for w in self.worn)}

    def take(self, rows: Iterable[vitals.Arrived], last: int) -> dict[str, Any] | None:
        """Learn what arrived; the piece for the screens of this session, or None where nothing is theirs."""
        mine = vitals.theirs(rows, self.patient_id, self.worn, self.marks)
        self.cursor_v = last
        if not mine:
            return None
        self.recent.take(mine)
        self.coverage.take(mine, self.charted)
        self.timetable = self.timetable.with_readings(mine)
        return {
            "cursor": self.cursor, "now": iso(clock.now()), "tiles": self._tiles(), "points": points(mine, self.charted),
        }  # fmt: skip

    def renew(self, fresh: LiveSession) -> bool:
        """Something clinical was committed: take over what was read anew.  False where it changes whose values these are.

        `fresh` may have read the readings less far than is known here, or further than was sent: none may fall between.
        """
        if (fresh.worn, fresh.marks, fresh.charted) != (self.worn, self.marks, self.charted):
            return False
        values = {**fresh.__dict__, "cursor_v": self.cursor_v, "watch_beat": self.watch_beat}
        if fresh.cursor_v < self.cursor_v:
            timetable = fresh.timetable.with_done(self.timetable.done)
            values |= {"recent": self.recent, "coverage": self.coverage, "timetable": timetable}
        self.__dict__.update(values)
        return True

    def curves_changed(self, since_c: int) -> bool:
        """Was a device put on or taken off, or a stretch marked, after this place of the clinical chain?"""
        return vitals.reassigned_since(self.patient_id, since_c)


def last_beat() -> str | None:
    """When the watch last said that it is alive."""
    beat = Heartbeat.objects.filter(part="watch").values_list("beat_at", flat=True).first()
    return iso(beat) if beat else None


def limits_shown(plan: alarms.AlarmPlan, now: datetime) -> dict[str, LimitShown]:
    """The limits in force, as tiles say them: the mildest line of each side, who set it."""
    found: dict[str, LimitShown] = {}
    for condition in plan.conditions:
        if condition.technical or not condition.has_limits or condition.comparison is None:
            continue
        for signal in condition.signals:
            for tier in condition.tiers:
                held = plan.in_force(condition.key, signal, tier.key, now)
                if held is None or held.value is None:
                    continue
                found[signal] = _with(found.get(signal, LimitShown()), condition.comparison.upward, held)
                break
    return found


def _with(known: LimitShown, upward: bool, held: Any) -> LimitShown:
    low, high = (known.low, held.value) if upward else (held.value, known.high)
    bounds = f"{low:g}–{high:g}" if low is not None and high is not None else ""
    bounds = bounds or (f"≤ {high:g}" if high is not None else f"≥ {low:g}")
    return LimitShown(low=low, high=high, text=bounds)


def delta_since(session_id: int, since: str) -> dict[str, Any]:
    """What a screen with this cursor lacks; everything where the cursor is unknown or too old."""
    return loaded_for(session_id, since)[1]


def loaded_for(session_id: int, since: str) -> tuple[LiveSession, dict[str, Any]]:
    """A session read anew, and what a screen with this cursor lacks of it."""
    live = LiveSession.load(session_id)
    return live, _lacking(live, since)


def _lacking(live: LiveSession, since: str) -> dict[str, Any]:
    known = _parse(since)
    if known is None or known[0] > live.cursor_v or known[1] > live.cursor_c:
        return live.state()
    if live.cursor_v - known[0] > _RAW_AFTER_A_CUT or live.curves_changed(known[1]):
        return live.state()
    start, end = queries.window(live.session, clock.now())
    state = live.state(curves=False)
    missed = vitals.readings_of(live.patient_id, start, end, after_seq=known[0])
    state["points"] = points(missed, live.charted)
    state.pop("full")
    return state


def newer(delta: dict[str, Any], since: str) -> dict[str, Any] | None:
    """The delta as a screen with this cursor may take it: nothing in it is older than what the screen shows."""
    mine, known = _parse(delta["cursor"]), _parse(since)
    if mine is None or known is None:
        return delta
    if mine < known and mine[0] <= known[0] and mine[1] <= known[1]:
        return None
    if mine[0] < known[0]:
        delta = {key: value for key, value in delta.items() if key not in ("tiles", "points", "coverage", "gaps")}
    if mine[1] < known[1]:
        delta = {key: value for key, value in delta.items() if key in ("cursor", "now", "tiles", "points", "parts")}
    return {**delta, "cursor": f"v{max(mine[0], known[0])}.c{max(mine[1], known[1])}"}


def _parse(cursor: str) -> tuple[int, int] | None:
    vital, _, clinical = cursor.partition(".")
    if not (vital[:1] == "v" and clinical[:1] == "c" and vital[1:].isdecimal() and clinical[1:].isdecimal()):
        return None
    return int(vital[1:]), int(clinical[1:])
