"""A chair without a clinic: a small server that speaks the live screen's JSON and events, so that the page can be tried alone.

It can fall silent, drop its stream, be stopped and started again on the same port, refuse, be locked; and it keeps what came in.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import math
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from stillhaven.clinic.web.assets import Assets

STATIC = Path(__file__).resolve().parents[2] / "stillhaven/clinic/web/static"
UID = "11111111-2222-4333-8444-555555555555"
NIL = "00000000-0000-0000-0000-000000000000"
ASSETS = Assets(STATIC)  # as the clinic serves them: a sheet whole, with what it imports
EARLY = hashlib.sha256((STATIC.parent / "templates/_components/theme_early.js").read_bytes()).digest()
CSP = (
    f"default-src 'none'; script-src 'self' 'sha256-{base64.b64encode(EARLY).decode()}'; "
    "style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
LIMIT = "set by Dr Lindqvist"


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ago(seconds: float) -> str:
    return iso(datetime.now(UTC) - timedelta(seconds=seconds))


def now_ms() -> int:
    return int(time.time() * 1000)


def tile(signal: str, label: str, unit: str, value: Any, **more: Any) -> dict[str, Any]:
    """A tile of a monitor's value, one second old."""
    return {
        "signal": signal, "label": label, "unit": unit, "decimals": 0, "value": value, "at": ago(1), "arrived_at": ago(1),
        "quality": "good", "reason": "", "source": "monitor", "mode": "real", "limit_low": None, "limit_high": None,
        "limit_text": "", "baseline": None, "trend": "steady", "stale_after_s": 10, "intermittent": False,
        "last_value": value,
    } | more  # fmt: skip


def tiles() -> list[dict[str, Any]]:
    return [
        tile("pressure", "BP", "mmHg", [131, 82, 98], intermittent=True, stale_after_s=900, at=ago(70), baseline=[131, 82, 97],
             limit_high=160, limit_text=f"≤ 160/95, {LIMIT}", trend="up"),
        tile("heart_rate_per_min", "HR", "/min", 88, baseline=76, limit_low=50, limit_high=120, limit_text=f"50–120, {LIMIT}"),
        tile("spo2_pct", "SpO₂", "%", 97, baseline=98, limit_low=94, limit_text=f"≥ 94, {LIMIT}"),
        tile("resp_rate_per_min", "Breathing", "/min", 15, baseline=14, limit_low=10, limit_high=25, limit_text=f"10–25, {LIMIT}"),
    ]  # fmt: skip


def points(minutes: int = 38) -> dict[str, list[list[float]]]:
    """Some minutes of plausible curves: a slow rise, a probe that came off, a cuff every five minutes."""
    end, found = now_ms() - 1000, dict[str, list[list[float]]]()
    curves: dict[str, Callable[[float], float]] = {
        "heart_rate_per_min": lambda s: 78 + s / 240 + 2.5 * math.sin(s / 47) + 1.2 * math.sin(s / 7),
        "spo2_pct": lambda s: 97 + 0.8 * math.sin(s / 90),
        "resp_rate_per_min": lambda s: 15 + 1.4 * math.sin(s / 60),
    }
    for signal, curve in curves.items():
        found[signal] = []
        for second in range(minutes * 60):
            if signal == "spo2_pct" and 1080 < second < 1260:
                continue
            value = round(curve(second), 1)
            found[signal].append([end - (minutes * 60 - second) * 1000, value - 1, value + 1, value])
    cuffs = [(end - (minutes - k) * 60000 - 5000, 131 + k * 0.7, 82 + k * 0.35) for k in range(0, minutes, 5)]
    found["systolic_mmhg"] = [[t, s, s, s] for t, s, _ in cuffs]
    found["diastolic_mmhg"] = [[t, d, d, d] for t, _, d in cuffs]
    found["mean_pressure_mmhg"] = [[t, d + (s - d) / 3, d + (s - d) / 3, d + (s - d) / 3] for t, s, d in cuffs]
    return found


def pk() -> dict[str, Any]:
    start, times = now_ms() - 23 * 60000, [k * 60000 for k in range(33)]
    mid = [70 * (1 - math.exp(-k / 14)) if k <= 40 else 0 for k in range(33)]
    return {
        "t_ms": [start + t for t in times], "mid": mid, "low": [m * 0.7 for m in mid], "high": [m * 1.4 for m in mid],
        "label": "ketamine ng/mL, model estimate",
    }  # fmt: skip


def alarm(uid: str = "a1", **more: Any) -> dict[str, Any]:
    return {
        "uid": uid, "condition": "sbp_high", "priority": "medium", "technical": False, "title": "Blood pressure high",
        "detail": "168/97 · limit 160/95 set by Dr Lindqvist", "signal": "pressure", "crossed_at": ago(52),
        "raised_at": ago(40), "state": "active", "ack_by": "", "escalated": False,
    } | more  # fmt: skip


HIGH = alarm("a2", condition="spo2_low", priority="high", title="Oxygen saturation low", detail="88 · limit 90 set by Dr Lindqvist", signal="spo2_pct", raised_at=ago(8))  # fmt: skip
PROBE_OFF = alarm("a3", condition="no_signal", priority="low", technical=True, title="No signal: breathing", detail="probe off for 31 s", signal="resp_rate_per_min", raised_at=ago(31))  # fmt: skip


def calm() -> dict[str, Any]:
    """A quiet session, 23 minutes into an infusion."""
    start = now_ms() - 23 * 60000
    urls = {name: f"/sessions/{UID}/{name}/" for name in ("hold", "stop", "rate", "transfer")}
    return {
        "cursor": "c1", "now": ago(0),
        "session": {"uid": UID, "state": "dosing", "chair": "Chair 2", "drill": False, "simulated": False,
                    "route": "iv_infusion", "locked": False, "user": "N. Alvarez RN"},
        "patient": {"name": "Ben Okafor", "preferred_name": "Ben", "pronouns": "he", "age_y": 47, "weight_kg": 82.0,
                    "weighed_on": datetime.now(UTC).date().isoformat(), "allergies": ["Penicillin"],
                    "comfort_card": "If I cry, that is fine. Please say my name and wait.\nNo hand on my shoulder."},
        "parts": {"watch_beat": ago(0), "monitor": {"device": "MON-2", "last": ago(1), "attached": True}},
        "tiles": tiles(), "points": points(),
        "gaps": [{"signal": "spo2_pct", "start_ms": now_ms() - 20 * 60000 - 1000, "end_ms": now_ms() - 17 * 60000 - 1000, "reason": "probe off"}],
        "events": [
            {"uid": "e1", "at_ms": start, "kind": "move", "label": "Start", "seq": 1},
            {"uid": "e2", "at_ms": start + 9 * 60000, "kind": "adverse_event", "label": "Nausea, mild", "seq": 2},
            {"uid": "e3", "at_ms": start + 14 * 60000, "kind": "check", "label": "MOAA/S 5", "seq": 3},
            {"uid": "e4", "at_ms": start + 15 * 60000, "kind": "dose", "label": "Rate 61.5 mg/h", "seq": 4},
        ],
        "alarms": [], "audio": {"paused_until": None, "by": ""},
        "drug": {"title": "IV ketamine · 41 mg over 40 min", "phase": "dosing", "given_mg": 23.4, "given_mg_per_kg": 0.2854,
                 "planned_mg": 41.0, "rate_mg_per_h": 61.5, "rate_ml_per_h": 150.0, "started_at": ago(1380),
                 "ends_at": ago(-1020), "fraction": 0.57, "concentration": "0.41 mg/mL"},
        "due": [
            {"key": "repeat_bp", "label": "Repeat BP", "at": ago(5), "state": "now", "opens": "vitals"},
            {"key": "bp_sedation", "label": "BP and sedation", "at": ago(-370), "state": "soon", "opens": "moaas"},
            {"key": "dissociation", "label": "Dissociation", "at": ago(-1100), "state": "later"},
        ],
        "coverage": [
            {"signal": "spo2_pct", "label": "SpO₂", "percent": 93.4, "longest_gap_s": 180},
            {"signal": "heart_rate_per_min", "label": "HR", "percent": 100.0, "longest_gap_s": 0},
            {"signal": "resp_rate_per_min", "label": "Breathing", "percent": 71.2, "longest_gap_s": 62},
        ],
        "pk": pk(),
        "actions": [
            {"name": "hold", "label": "Hold", "url": urls["hold"], "allowed": True, "why": ""},
            {"name": "stop", "label": "Stop", "url": urls["stop"], "allowed": True, "why": ""},
            {"name": "rate", "label": "Change rate", "url": urls["rate"], "allowed": True, "why": ""},
            {"name": "transfer", "label": "Hand over to emergency care", "url": urls["transfer"], "allowed": False, "why": "Only a prescriber hands over."},
        ],
    }  # fmt: skip


def config(uid: str = UID) -> dict[str, Any]:
    """What the page's view hands in beside the state; the sample lists stand for the reference files'."""
    events = ["Dissociation", "Sedation", "Breathing depressed", "Blood pressure or pulse high", "Blood pressure or pulse low",
              "Nausea or vomiting", "Anxiety or panic", "Dizzy, headache, blurred", "Airway blocked", "Anaphylaxis",
              "Seizure-like movements", "Suicidal thoughts", "Mania or psychosis", "Bladder", "Liver", "Thinking, memory",
              "Craving", "Cannula site"]  # fmt: skip
    moaas = {5: "answers readily to the name, normal voice", 4: "slow answer to the name, normal voice",
             3: "answers only to a loud or repeated name", 2: "answers only to a mild prod or shake",
             1: "answers only to a painful squeeze", 0: "no answer to a painful squeeze"}  # fmt: skip
    names = ("ack", "audio_pause", "event", "vitals", "score", "rescue", "note", "request", "photo", "retract")
    urls = {name: f"/sessions/{uid}/{name}/" for name in names}
    urls |= {"state": f"/sessions/{uid}/live/state", "stream": f"/sessions/{uid}/live/stream", "unlock": "/unlock/",
             "signin": "/signin/", "sw": "/sw.js"}  # fmt: skip
    vital = [("systolic_mmhg", "Systolic", "mmHg", 40, 300, 2, 120, 30), ("diastolic_mmhg", "Diastolic", "mmHg", 20, 200, 2, 80, 30),
             ("heart_rate_per_min", "HR", "/min", 20, 300, 1, 75, 30), ("spo2_pct", "SpO₂", "%", 30, 100, 1, 97, 15),
             ("resp_rate_per_min", "Breathing", "/min", 2, 80, 1, 14, 15)]  # fmt: skip
    return {
        "urls": urls, "silence_after_s": 5, "watch_after_s": 5, "quiet_s": 120,
        "staff": [{"uid": "s1", "name": "N. Alvarez RN"}, {"uid": "s2", "name": "Dr Lindqvist"}, {"uid": "s3", "name": "T. Mbeki RN"}],
        "quick": {
            "pad": [{"kind": "adverse_event", "term": "nausea", "label": "Nausea"}, {"kind": "adverse_event", "term": "anxiety", "label": "Anxiety"},
                    {"kind": "adverse_event", "term": "dizzy", "label": "Dizzy"}, {"kind": "scale", "scale": "dissociation", "label": "Dissociation"},
                    {"kind": "scale", "scale": "moaas", "label": "Sedation"}, {"kind": "scale", "scale": "pain", "label": "Pain"},
                    {"kind": "vitals", "label": "Vitals by hand"}, {"kind": "rescue", "label": "Drug given"}, {"kind": "note", "label": "Note"},
                    {"kind": "more", "label": "More"}],
            "more": [{"kind": "request", "what": "call", "label": "Patient called"},
                     {"kind": "request", "what": "withdraw_consent", "label": "Patient withdraws consent", "firm": "Record the withdrawal",
                      "words": "Stop the drug first. Nothing more is given; watching goes on until recovery."},
                     {"kind": "photo", "label": "Photo of the site"}],
            "grades": [{"grade": 1, "label": "Mild", "words": "observe"}, {"grade": 2, "label": "Moderate", "words": "a small step helps"},
                       {"grade": 3, "label": "Severe", "words": "stop and treat"}, {"grade": 4, "label": "Life-threatening", "words": "emergency"}],
            "adverse_events": [{"term": e.lower().split()[0].strip(","), "label": e, "words": ""} for e in events],
            "interventions": [{"key": "position", "label": "Position changed"}, {"key": "calm", "label": "Calmed, less light and noise"}, {"key": "oxygen", "label": "Oxygen"}],
            "scales": {
                "moaas": {"label": "MOAA/S", "question": "Sedation (MOAA/S): 5 is alert", "levels": [{"value": v, "words": w} for v, w in moaas.items()]},
                "pain": {"label": "Pain", "question": "Pain from 0 to 10, as the patient says", "levels": [{"value": v, "words": {0: "none", 10: "worst"}.get(v, "")} for v in range(11)]},
                "dissociation": {"label": "Dissociation", "question": "Dissociation from 0 to 10, as the patient says", "levels": [{"value": v, "words": {0: "none", 10: "complete"}.get(v, "")} for v in range(11)]},
            },
            "vitals": [{"signal": s, "label": lb, "unit": u, "low": lo, "high": hi, "step": st, "decimals": 0, "centre": c, "count": n} for s, lb, u, lo, hi, st, c, n in vital],
            "orders": [{"order": "o1", "drug": "Ondansetron", "label": "Ondansetron 4 mg IV", "dose": 4, "unit": "mg", "route": "IV", "max": 4, "step": 2, "words": "once, for nausea; ordered by Dr Lindqvist"}],
        },
    }  # fmt: skip


class Chair:
    """The server's side of one chair."""

    def __init__(self, render: Callable[[dict[str, Any] | None, dict[str, Any]], str]) -> None:
        self.render = render
        self.state: dict[str, Any] = calm()
        self.config = config()
        self.alive = True  # False: connections stand, nothing is said
        self.streams_ok = True  # False: the stream answers 503, polling works
        self.watch_ok = True
        self.beat_late_s = 0.0
        self.log: list[tuple[int, dict[str, Any]]] = []  # deltas by cursor
        self.cursor = 1
        self.posts: list[tuple[str, dict[str, Any]]] = []  # every request that came in, repeats included
        self.kept: dict[str, dict[str, Any]] = {}  # by uid, in the order first seen
        self.answer: Callable[[str, dict[str, Any]], tuple[int, dict[str, Any]]] | None = None
        self.drop_answer_of = 0  # so many posts are kept, and their answer is lost on the way
        self.resumed_from: list[str] = []
        self.generation = 0  # a change drops the open streams
        self.pages: dict[str, str] = {}
        self.port = _free_port()
        self.server: ThreadingHTTPServer | None = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.base}/sessions/{UID}/live/"

    def start(self) -> None:
        chair = self

        class Handler(_Handler):
            house = chair

        self.alive = True
        self.server = _Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        """As if killed: no connection is answered, open ones break."""
        if self.server:
            self.alive = False
            self.generation += 1
            self.server.shutdown()
            self.server.cut()
            self.server.server_close()
            self.server = None

    def push(self, **delta: Any) -> None:
        """Something new: the state learns it, and every open stream says it."""
        self.cursor += 1
        for name, value in delta.items():
            if name == "points":
                for signal, fresh in value.items():
                    self.state["points"].setdefault(signal, []).extend(fresh)
            elif name in ("events", "gaps"):
                self.state[name] = [*self.state[name], *value]
            else:
                self.state[name] = value
        self.log.append((self.cursor, copy.deepcopy(delta)))

    def fresh(self) -> None:
        """A second on: every tile measured again."""
        at = ago(0.2)
        new = [t if t["intermittent"] else {**t, "at": at, "arrived_at": at} for t in self.state["tiles"]]
        monitor = {**self.state["parts"]["monitor"], "last": at}
        self.push(tiles=new, parts={"watch_beat": self.watch_beat(), "monitor": monitor})

    def watch_beat(self) -> str:
        return ago(0) if self.watch_ok else self.state["parts"]["watch_beat"]

    def since(self, cursor: str) -> list[dict[str, Any]]:
        last = int(cursor.lstrip("c") or 0)
        return [{"cursor": f"c{number}", "now": ago(0), **delta} for number, delta in self.log if number > last]

    def whole(self) -> dict[str, Any]:
        parts = {**self.state["parts"], "watch_beat": self.watch_beat()}
        return {**self.state, "cursor": f"c{self.cursor}", "now": ago(0), "parts": parts}

    def take(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.posts.append((path, body))
        if self.answer and (said := self.answer(path, body))[0] != 200:
            return said
        self.kept.setdefault(body["uid"], {"path": path, **body})
        return 200, {"ok": True, "uid": body["uid"]}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, *args: Any) -> None:
        self.open: set[socket.socket] = set()
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def cut(self) -> None:
        for connection in list(self.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away is no error here."""


class _Handler(BaseHTTPRequestHandler):
    house: Chair
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _wait_while_dead(self) -> None:
        while not self.house.alive and self.house.server:
            time.sleep(0.05)

    def _say(self, status: int, body: bytes | str, kind: str = "application/json", **headers: str) -> None:
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Content-Security-Policy", CSP)
        self.send_header("Cache-Control", "no-store")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        self._wait_while_dead()
        parts = urlsplit(self.path)
        query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        path, house = parts.path, self.house
        if path == f"/sessions/{UID}/live/":
            self._say(
                200,
                house.render(house.whole(), house.config),
                "text/html; charset=utf-8",
                Set_Cookie="csrftoken=tok; Path=/",
            )
        elif path == "/sessions/live-shell/":
            shell = config(NIL)
            self._say(200, house.render(None, {**shell, "staff": []}), "text/html; charset=utf-8")
        elif path == f"/sessions/{UID}/live/state":
            since = query.get("since", "")
            if not since:
                self._say(200, json.dumps(house.whole()))
                return
            delta: dict[str, Any] = {"cursor": f"c{house.cursor}", "now": ago(0), "watch_beat": house.watch_beat()}
            for piece in house.since(since):
                for name, value in piece.items():
                    if name == "points":
                        grown = delta.setdefault("points", {})
                        for signal, fresh in value.items():
                            grown.setdefault(signal, []).extend(fresh)
                    elif name in ("events", "gaps"):
                        delta[name] = [*delta.get(name, []), *value]
                    elif name not in ("cursor", "now"):
                        delta[name] = value
            self._say(200, json.dumps(delta))
        elif path == f"/sessions/{UID}/live/stream":
            self._stream(self.headers.get("Last-Event-ID") or query.get("since", ""))
        elif path == "/sw.js":
            self._say(200, (STATIC / "js/sw.js").read_bytes(), "text/javascript", Service_Worker_Allowed="/")
        elif path.startswith("/static/") and (found := ASSETS.find(path.removeprefix("/static/"))):
            self._say(200, found[0].body, found[0].kind)
        elif path in house.pages:
            kind = "application/json" if path.endswith("state") else "text/html; charset=utf-8"
            self._say(200, house.pages[path], kind)
        else:
            self._say(404, "{}")

    def _stream(self, since: str) -> None:
        house = self.house
        if not house.streams_ok:
            self._say(503, "{}")
            return
        house.resumed_from.append(since)
        mine = house.generation
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        last, beat = since or f"c{house.cursor}", 0.0
        if not since:
            self._event("state", {**house.whole(), "full": True}, f"c{house.cursor}")
        while house.generation == mine:
            self._wait_while_dead()
            for piece in house.since(last):
                last = piece["cursor"]
                self._event("state", piece, last)
            if time.monotonic() - beat >= 1:
                beat = time.monotonic()
                self._event("beat", {"now": ago(house.beat_late_s), "watch_beat": house.watch_beat()})
            time.sleep(0.03)

    def _event(self, name: str, data: dict[str, Any], cursor: str = "") -> None:
        head = f"event: {name}\n" + (f"id: {cursor}\n" if cursor else "")
        self.wfile.write(f"{head}data: {json.dumps(data)}\n\n".encode())
        self.wfile.flush()

    def do_POST(self) -> None:
        self._wait_while_dead()
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Content-Type", "").startswith("multipart/"):
            uid = raw.split(b'name="uid"\r\n\r\n', 1)[1].split(b"\r\n", 1)[0].decode()
            body: dict[str, Any] = {"uid": uid, "bytes": len(raw)}
        else:
            body = json.loads(raw or b"{}")
        path = urlsplit(self.path).path
        if path == "/unlock/":
            right = body["pin"] == "2468"
            if right:
                self.house.push(session={**self.house.state["session"], "locked": False, "user": "T. Mbeki RN"})
            said = {"ok": True, "user": "T. Mbeki RN"} if right else {"why": "Name and PIN do not match."}
            self._say(200 if right else 422, json.dumps(said))
            return
        status, answer = self.house.take(path, body)
        if self.house.drop_answer_of > 0:
            self.house.drop_answer_of -= 1
            self.close_connection = True
            self.connection.close()
            return
        if path.endswith("/ack/") and status == 200:
            acked = [
                {**a, "state": "acknowledged", "ack_by": body["entered_by"]} if a["uid"] == body["alarm"] else a
                for a in self.house.state["alarms"]
            ]
            self.house.push(alarms=acked)
        if path.endswith("/audio_pause/"):
            self.house.push(audio={"paused_until": ago(-120), "by": "N. Alvarez RN"})
        self._say(status, json.dumps(answer))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(render: Callable[[dict[str, Any] | None, dict[str, Any]], str]) -> Iterator[Chair]:
    chair = Chair(render)
    chair.start()
    stop = threading.Event()

    def tick() -> None:
        while not stop.wait(1):
            if chair.server and chair.alive and getattr(chair, "ticking", True):
                chair.fresh()

    threading.Thread(target=tick, daemon=True).start()
    try:
        yield chair
    finally:
        stop.set()
        chair.stop()
