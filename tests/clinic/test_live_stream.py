"""The stream of a chair: nothing missed, nothing of anybody else's, nothing older than what is shown."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from stillhaven.clinic.monitoring import readers, views
from stillhaven.clinic.monitoring.hub import hub
from stillhaven.clinic.monitoring.live import LiveSession, delta_since, newer
from stillhaven.clinic.record import clock
from stillhaven.clinic.session import events
from stillhaven.clinic.vitals import actions as vitals
from stillhaven.clinic.vitals.models import Attachment, Device
from stillhaven.clinic.web.demo import Demo
from tests.cast import make_clinic, signed_in
from tests.clinic.live_support import CALM, READER, Stream, has, in_chair, play, send, threaded, tile


@pytest.fixture
def demo(transactional_db: None) -> Demo:
    return make_clinic(clock.now())


def test_a_value_comes_with_tiles_limits_and_points(demo: Demo) -> None:
    session = in_chair(demo)

    async def story() -> None:
        stream = Stream(session)
        first = await stream.next()
        assert first["full"]
        assert first["session"]["user"] == "N. Alvarez RN"
        await threaded(send, "MON-2", CALM | {"spo2_pct": 91.0})
        piece = await stream.until(has("spo2_pct", 91.0))
        shown = tile(piece, "spo2_pct")
        whole = tile(await threaded(lambda: LiveSession.load(session.pk).state()), "spo2_pct")
        assert shown == whole
        assert shown["value"] == 91.0
        assert shown["limit_low"] is not None
        assert shown["stale_after_s"] > 0
        await threaded(send, "MON-2", {"spo2_pct": None})
        gone = tile(
            await stream.until(lambda p: tile(p, "spo2_pct")["value"] is None if "tiles" in p else False), "spo2_pct"
        )
        assert (gone["quality"], gone["reason"], gone["last_value"]) == ("no_value", "probe off", 91.0)
        await stream.close()

    play(story)


def test_a_cut_stream_resumes_without_a_hole(demo: Demo) -> None:
    session = in_chair(demo)

    async def story() -> None:
        stream = Stream(session)
        await stream.next()
        await threaded(send, "MON-2", {"heart_rate_per_min": 71.0})
        await stream.until(has("heart_rate_per_min", 71.0))
        await stream.close()
        for value in (72.0, 73.0):
            await threaded(send, "MON-2", {"heart_rate_per_min": value})
        await threaded(events.note, session.pk, "asked for a blanket", by=demo.staff["nurse"], at=clock.now())
        again = Stream(session, stream.cursor)
        piece = await again.next()
        assert "full" not in piece
        assert [p[3] for p in piece["points"]["heart_rate_per_min"]] == [72.0, 73.0]
        assert any("blanket" in e["label"] for e in piece["events"])
        await threaded(send, "MON-2", {"heart_rate_per_min": 74.0})
        assert "heart_rate_per_min" in (await again.until(has("heart_rate_per_min", 74.0)))["points"]
        await again.close()

    play(story)


@pytest.mark.parametrize("since", ["", "nonsense", "v999999.c1", "v1.c999999", "v1", "vx.cy"])
def test_a_cursor_that_nobody_knows_gets_everything(demo: Demo, since: str) -> None:
    session = in_chair(demo)
    assert delta_since(session.pk, since)["full"]


def test_polling_tells_the_same_as_the_stream(demo: Demo) -> None:
    session = in_chair(demo)
    browser = signed_in(demo.staff["nurse"])
    address = f"/sessions/{session.uid}/live/state"

    async def story() -> None:
        stream = Stream(session)
        first = await stream.next()
        polled, streamed = {k: v[-1] for k, v in first["points"].items()}, dict[str, Any]()
        cursor = stream.cursor
        for n in range(5):
            await threaded(send, "MON-2", {k: v + n for k, v in CALM.items() if k != "spo2_pct"})
            piece = await stream.until(has("heart_rate_per_min", 70.0 + n))
            for key, points in piece["points"].items():
                streamed.setdefault(key, []).extend(points)
        answer = await threaded(lambda: browser.get(address, {"since": cursor}).json())
        assert answer["points"] == streamed != polled
        assert answer["tiles"] == piece["tiles"]
        assert answer["cursor"].split(".")[0] == stream.cursor.split(".")[0]
        await stream.close()

    play(story)


def test_the_monitor_of_the_next_patient_is_not_this_ones(demo: Demo) -> None:
    """A monitor goes to another chair: its values go with it, on the old screen as in the old alarms."""
    first, second = in_chair(demo, "ben", "Chair 2"), in_chair(demo, "cleo", "Chair 3")

    def move() -> None:
        nurse = demo.staff["nurse"]
        for session in (first, second):
            attachment = Attachment.objects.current().get(patient=session.patient, end__isnull=True)
            vitals.detach(attachment, by=nurse, end=clock.now())
        vitals.attach(Device.objects.get(key="MON-2"), second.patient, by=nurse, start=clock.now())

    async def story() -> None:
        old, new = Stream(first), Stream(second)
        await old.next()
        await new.next()
        await threaded(send, "MON-2", {"heart_rate_per_min": 81.0})
        await old.until(has("heart_rate_per_min", 81.0))
        await threaded(move)
        await old.until(lambda p: p.get("full"))  # whose values these are has changed: the curves are read anew
        await new.until(lambda p: p.get("full"))
        await threaded(send, "MON-2", {"heart_rate_per_min": 133.0})
        await new.until(has("heart_rate_per_min", 133.0))
        await threaded(events.note, first.pk, "a note", by=demo.staff["nurse"], at=clock.now())
        piece = await old.until(lambda p: "events" in p and any(e["kind"] == "note" for e in p["events"]))
        assert tile(piece, "heart_rate_per_min")["value"] != 133.0
        assert not has("heart_rate_per_min", 133.0)(piece)
        assert hub().sessions[first.pk].recent.newest["heart_rate_per_min"].value == 81.0
        await old.close()
        await new.close()

    play(story)


def test_a_marked_artefact_takes_the_value_from_curve_and_tile(demo: Demo) -> None:
    session = in_chair(demo)
    patient = session.patient

    async def story() -> None:
        stream = Stream(session)
        await stream.next()
        await threaded(send, "MON-2", {"spo2_pct": 71.0})
        await stream.until(has("spo2_pct", 71.0))
        await threaded(
            vitals.mark_artefact, patient, "spo2_pct", clock.now() - timedelta(minutes=1),
            clock.now() + timedelta(minutes=1), by=demo.staff["nurse"], at=clock.now(), why="moved",
        )  # fmt: skip
        piece = await stream.until(lambda p: p.get("full"))
        assert not any(point[1] == 71.0 for point in piece["points"].get("spo2_pct", []))
        assert tile(piece, "spo2_pct")["quality"] == "artefact"
        await threaded(send, "MON-2", {"spo2_pct": 72.0})  # late, in the stretch that was marked
        late = await stream.until(lambda p: "tiles" in p)
        assert tile(late, "spo2_pct")["value"] is None
        await stream.close()

    play(story)


def test_a_note_does_not_send_the_curves_again(demo: Demo) -> None:
    session = in_chair(demo)

    async def story() -> None:
        stream = Stream(session)
        await stream.next()
        await threaded(events.note, session.pk, "slept", by=demo.staff["nurse"], at=clock.now())
        piece = await stream.until(lambda p: "events" in p)
        assert "points" not in piece
        assert "full" not in piece
        assert piece["events"][-1]["kind"] == "note"
        await stream.close()

    play(story)


def test_time_alone_moves_the_drug_and_reads_no_database(demo: Demo) -> None:
    session = in_chair(demo)

    async def story() -> None:
        stream = Stream(session)
        given = (await stream.next())["drug"]["given_mg"]
        for _ in range(2):  # a tick that touched the database on the loop would be the last one
            piece = await stream.until(lambda p: "drug" in p)
            assert piece["drug"]["given_mg"] > given
            given = piece["drug"]["given_mg"]
        await stream.close()

    play(story)


def test_what_arrives_settles_what_is_due(demo: Demo) -> None:
    session = in_chair(demo, minutes=15)

    async def story() -> None:
        stream = Stream(session)
        first = await stream.next()
        late = [d for d in first["due"] if d["opens"] == "vitals" and d["state"] in ("now", "overdue")]
        assert late
        cuff = {"systolic_mmhg": 128.0, "diastolic_mmhg": 80.0, "mean_pressure_mmhg": 96.0}
        await threaded(send, "MON-2", CALM | cuff)
        await stream.until(has("systolic_mmhg", 128.0))
        after = await stream.until(lambda p: "due" in p)
        left = [d for d in after["due"] if d["key"] in {d["key"] for d in late}]
        assert not any(d["opens"] == "vitals" for d in left)  # what only a person can score is still asked for
        await stream.close()

    play(story)


def test_open_streams_hold_no_connection_to_the_database(demo: Demo) -> None:
    sessions = [in_chair(demo, key, chair) for key, chair in (("ben", "Chair 2"), ("cleo", "Chair 3"))]

    def connections_open() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
            return int(cursor.fetchone()[0])

    async def story() -> None:
        one = Stream(sessions[0])
        await one.next()
        few = await threaded(connections_open)
        more = [Stream(sessions[n % 2]) for n in range(8)]
        for stream in more:
            await stream.next()
        assert await threaded(connections_open) <= few
        for stream in (one, *more):
            await stream.close()
        assert hub().queues == {}
        assert hub().sessions == {}

    play(story)


def test_when_the_database_goes_and_comes_back_the_stream_goes_on(demo: Demo) -> None:
    session = in_chair(demo)

    def cut_off() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    async def story() -> None:
        stream = Stream(session)
        await stream.next()
        await threaded(cut_off)
        await threaded(send, "MON-2", {"heart_rate_per_min": 88.0})
        piece = await stream.until(has("heart_rate_per_min", 88.0))
        assert "full" not in piece
        await stream.close()

    play(story)


def test_what_arrives_while_a_session_is_read_is_in_its_tiles(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    session = in_chair(demo)
    ordinary = LiveSession.load.__func__  # type: ignore[attr-defined]

    def slow(cls: type[LiveSession], session_id: int) -> LiveSession:
        found: LiveSession = ordinary(cls, session_id)
        if first:
            first.pop()
            send("MON-2", {"systolic_mmhg": 144.0, "diastolic_mmhg": 90.0, "mean_pressure_mmhg": 104.0})
            events.note(session.pk, "meanwhile", by=demo.staff["nurse"], at=clock.now())
        return found

    first: list[int] = []
    monkeypatch.setattr(LiveSession, "load", classmethod(slow))

    async def story() -> None:
        warm = Stream(in_second)
        await warm.next()
        first.append(1)
        stream = Stream(session)
        await stream.next()
        await threaded(send, "MON-2", {"heart_rate_per_min": 77.0})
        piece = await stream.until(has("heart_rate_per_min", 77.0))
        assert tile(piece, "pressure")["value"] == [144.0, 90.0, 104.0]
        for each in (warm, stream):
            await each.close()

    in_second = in_chair(demo, "cleo", "Chair 3")
    play(story)


def test_the_other_site_and_the_wrong_role_get_nothing(demo: Demo) -> None:
    from stillhaven.clinic.people.models import Site, User

    session = in_chair(demo)
    elsewhere = Site.objects.create(pk=2, name="Elsewhere")
    stranger = User.objects.create(email="s@elsewhere.example", name="S Stranger", roles=["nurse"])
    stranger.sites.set([elsewhere])
    patient = User.objects.get(patient=demo.patients["ada"])
    for path in ("", "state", "stream"):
        address = f"/sessions/{session.uid}/live/{path}"
        assert signed_in(stranger).get(address).status_code == 404
        assert signed_in(patient).get(address).status_code == 404
        assert signed_in(demo.staff["nurse"]).get(f"/sessions/{uuid.uuid4()}/live/{path}").status_code == 404


def test_a_locked_browser_goes_on_seeing(demo: Demo) -> None:
    session = in_chair(demo)
    browser = signed_in(demo.staff["nurse"], locked=True)
    store = browser.session
    store["locked"] = True
    store.save()
    answer = browser.get(f"/sessions/{session.uid}/live/state", headers={"Accept": "application/json"})
    assert answer.status_code == 200
    assert answer.json()["session"]["locked"] is True
    stream = browser.get(f"/sessions/{session.uid}/live/stream", headers={"Accept": "text/event-stream"})
    assert stream.status_code == 200
    assert stream["Content-Type"] == "text/event-stream"
    note = browser.post(f"/sessions/{session.uid}/note/", {"text": "x"}, headers={"Accept": "application/json"})
    assert note.status_code == 423


def test_an_open_stream_says_when_its_browser_locks_and_ends_with_its_sign_in(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, browser = in_chair(demo), signed_in(demo.staff["nurse"])
    key, ask, broken = browser.session.session_key or "", readers._standing, list[int]()
    monkeypatch.setattr(readers, "_ASK_AGAIN_S", 0.05)

    def lock() -> None:
        store = browser.session
        store["locked"] = True
        store.save()

    def fails_twice(keys: set[str]) -> dict[str, bool]:
        if len(broken) < 2:
            broken.append(1)
            raise RuntimeError("something that nobody foresaw")
        return ask(keys)

    async def story() -> None:
        stream = views._events(session.pk, "", READER, key)
        assert b'"locked":false' in await anext(stream)
        await threaded(lock)
        while b'"locked":true' not in await anext(stream):
            continue
        monkeypatch.setattr(readers, "_standing", fails_twice)
        await threaded(browser.session.delete)
        async for _ in stream:  # ends by itself, though asking failed twice
            continue
        assert len(broken) == 2

    play(story)


# ---------------------------------------------------------------- what a screen may take

cursors = st.builds(lambda v, c: f"v{v}.c{c}", st.integers(0, 5), st.integers(0, 5))


@given(cursors, cursors)
def test_a_piece_never_takes_a_screen_back(mine: str, known: str) -> None:
    piece = {"cursor": mine, "tiles": [1], "points": {}, "alarms": [], "events": [], "now": ""}
    taken = newer(piece, known)
    (mv, mc), (kv, kc) = ([int(n[1:]) for n in text.split(".")] for text in (mine, known))
    if taken is None:
        assert mv <= kv
        assert mc <= kc
        return
    assert taken["cursor"] == f"v{max(mv, kv)}.c{max(mc, kc)}"
    assert ("tiles" in taken) == (mv >= kv)
    assert ("alarms" in taken) == (mc >= kc)


def test_a_screen_that_does_not_read_is_cut_and_begins_anew() -> None:
    from stillhaven.clinic.monitoring.hub import Hub

    async def story() -> None:
        house = Hub()
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(3)
        house.queues[1].add(queue)
        for n in range(4):
            house._put(1, {"cursor": f"v{n}.c0"})
        assert queue.get_nowait() is None
        assert queue.empty()

    asyncio.run(story())
