"""Every address of the clinic with who may use it, and a clinic in which each of them leads somewhere."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from PIL import Image

from stillhaven.clinic.messages.models import OutMessage
from stillhaven.clinic.monitoring import drills
from stillhaven.clinic.people.factors import current_totp
from stillhaven.clinic.people.models import ApiToken, Patient, Site, User
from stillhaven.clinic.people.roles import Role
from stillhaven.clinic.plan.models import Order
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock
from stillhaven.clinic.schedule.models import Appointment, Competence, Shift, Waiting
from stillhaven.clinic.session.models import Event, TreatmentSession
from stillhaven.clinic.vitals import actions as vitals
from stillhaven.clinic.vitals.models import Attachment, Device
from stillhaven.clinic.web.demo import Demo, make_account, make_staff
from stillhaven.science.vitals import Mode
from tests.cast import make_clinic, signed_in

TOTP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
STAFF_ROLES = [role.value for role in Role if role not in (Role.DEVICE, Role.READER)]

JSON: dict[str, Any] = {"headers": {"Accept": "application/json"}, "content_type": "application/json"}
PUBLIC, OWN_ACCOUNT, STAFF = "public", "own account", "staff"

# address -> the action of people/roles.py that it needs, and which thing it is about
PAGES: dict[str, tuple[str, str]] = {
    "home": (PUBLIC, ""), "sw": (PUBLIC, ""), "api_docs": (PUBLIC, ""), "styleguide": (PUBLIC, ""), "healthz": (PUBLIC, ""),
    "people:unlock": (OWN_ACCOUNT, ""), "people:second_factor": (OWN_ACCOUNT, ""), "people:passkey_request": (OWN_ACCOUNT, ""),
    "people:pin": (STAFF, ""), "people:access": ("access.view", ""), "people:staff": ("staff.change", ""),
    "people:staff_add": ("staff.change", ""), "people:tokens": ("token.change", ""), "people:staff_person": ("staff.change", "user"),
    "monitoring:shell": (PUBLIC, ""), "monitoring:live": ("session.view", "running"), "monitoring:state": ("session.view", "running"),
    "session:page": ("session.view", "running"), "recovery:page": ("session.view", "running"),
    "recovery:record": ("record.view", "signed"), "recovery:record_pdf": ("record.view", "signed"),
    "recovery:summary_pdf": ("record.view", "signed"),
    "plan:plan": ("chart.view", "course"), "session:gate": ("session.view", "running"),
    "plan:order": ("order.sign", "course"), "plan:signed": ("chart.view", "order"), "plan:amend": ("order.sign", "order"),
    "chart:board": ("board.view", ""), "chart:board_state": ("board.view", ""), "chart:beside": ("board.view", ""),
    "chart:wall": ("board.view", ""), "chart:device": ("device.attach", "device"), "chart:message": ("device.attach", "message"),
    "chart:patients": ("chart.view", ""), "chart:patient": ("chart.view", "patient"), "chart:history": ("chart.view", "entry"),
    "monitoring:what_if": ("session.view", "running"), "drills:all": ("drill.run", ""), "drills:one": ("drill.run", "drill"),
    "schedule:day": ("schedule.view", ""), "schedule:week": ("schedule.view", ""), "schedule:places": ("schedule.view", ""),
    "schedule:shifts": ("schedule.view", ""), "schedule:competences": ("schedule.view", ""),
    "schedule:calendar_link": ("calendar.link", ""), "schedule:feed": (PUBLIC, "secret"),
    "chart:book": ("schedule.book", ""), "chart:visit": ("schedule.view", "visit"), "chart:waiting": ("schedule.waitlist", ""),
    "chart:policy": ("policy.view", ""), "chart:policy_history": ("policy.view", ""), "chart:policy_change": ("policy.adopt", ""),
    "monitoring:limits": ("session.view", "running"), "chart:visits": ("schedule.view", "patient"), "chart:patient_calendar": ("calendar.link", "patient"),
    "chart:tomorrow": ("tomorrow.view", ""), "chart:gate": ("tomorrow.view", "gate"), "chart:course_facts": ("course.fact", "course"),
    "outcomes:page": ("chart.view", "patient"), "outcomes:mine": ("own.view", ""),
    "post:outbox": ("outbox.view", ""), "portal:appointments": ("own.view", ""), "portal:confirm": (PUBLIC, "secret"),
    "portal:home": ("own.view", ""), "portal:visit": ("own.view", "signed"), "portal:visit_pdf": ("own.view", "signed"),
}  # fmt: skip
STREAM = "monitoring:stream"
WRITES: dict[str, tuple[str, str]] = {
    "people:everyone_out": (PUBLIC, ""), "people:other": (PUBLIC, ""), "people:lock": (STAFF, ""),
    "people:token_off": ("token.change", "token"), "people:staff_link": ("staff.change", "user"),
    "people:staff_factor": ("staff.change", "user"), "people:staff_switch": ("staff.change", "user"),
    "monitoring:ack": ("alarm.acknowledge", "running"), "monitoring:audio_pause": ("alarm.pause", "running"),
    "monitoring:audio_on": ("alarm.pause", "running"), "monitoring:limit": ("session.limits", "running"),
    "monitoring:vitals": ("vitals.record", "running"), "monitoring:artefact": ("vitals.mark", "running"),
    "monitoring:attach": ("device.attach", "running"), "monitoring:detach": ("device.attach", "running"),
    "session:amend": ("session.check", "running"), "session:check_in": ("session.check_in", "booked"),
    "session:gate_enter": ("gate.enter", "running"), "session:gate_take_back": ("gate.enter", "running"),
    "session:gate_override": ("gate.override", "running"), "plan:cancel": ("order.sign", "order"),
    "session:check": ("session.check", "running"), "session:override": ("session.override", "running"),
    "session:ready": ("session.ready", "running"), "session:start": ("session.start", "running"),
    "session:rate": ("session.dose", "running"), "session:hold": ("session.hold", "running"),
    "session:resume": ("session.hold", "running"), "session:give": ("session.dose", "running"),
    "session:stop": ("session.stop", "running"), "session:abort": ("session.stop", "running"),
    "session:transfer": ("session.transfer", "running"), "session:cancel": ("session.cancel", "booked"),
    "session:miss": ("session.cancel", "booked"), "session:event": ("session.event", "running"),
    "session:score": ("session.event", "running"), "session:rescue": ("session.rescue", "running"),
    "session:premedication": ("session.rescue", "running"),
    "session:note": ("session.event", "running"), "session:request": ("session.event", "running"),
    "session:photo": ("session.event", "running"), "session:retract": ("session.event", "running"),
    "recovery:look": ("recovery.check", "running"), "recovery:override": ("recovery.override", "running"),
    "recovery:discharge": ("recovery.discharge", "running"), "recovery:sign": ("record.sign", "running"),
    "recovery:addendum": ("record.amend", "signed"),
    "schedule:place_save": ("chair.change", ""), "schedule:shift_add": ("schedule.shift", ""),
    "schedule:shift_drop": ("schedule.shift", "shift"), "schedule:competence_add": ("staff.competence", ""),
    "schedule:competence_back": ("staff.competence", "paper"), "chart:visit_move": ("schedule.move", "visit"),
    "chart:visit_cancel": ("schedule.cancel", "visit"), "chart:visit_no_show": ("schedule.no_show", "visit"),
    "chart:visit_arrived": ("session.check_in", "visit"), "chart:visit_said": ("session.check_in", "visit"),
    "chart:visit_offer": ("schedule.waitlist", "offer"), "chart:waiting_add": ("schedule.waitlist", ""),
    "chart:waiting_off": ("schedule.waitlist", "waiting"), "chart:reach": ("outbox.change", "patient"),
    "chart:course_fact_add": ("course.fact", "course"), "post:again": ("outbox.change", "letter"), "post:heard": (PUBLIC, ""),
    "portal:appointment_ask": ("own.view", "visit"),
    "session:draw": ("stock.draw", "running"), "session:settle": ("stock.waste", "running"),
    "drills:start": ("drill.run", ""), "drills:end": ("drill.run", "drill"),
    "chart:device_attach": ("device.attach", "device"), "chart:attachment_correct": ("device.attach", "attachment"),
}  # fmt: skip
BOTH = {  # pages that are forms of their own
    "people:unlock", "people:pin", "people:staff_add", "people:staff_person", "people:tokens", "plan:order", "plan:amend",
    "schedule:calendar_link", "chart:book", "chart:gate", "chart:patient_calendar", "portal:appointments", "portal:confirm",
    "chart:policy_change",
}  # fmt: skip
# Rooms whose addresses are tried deed by deed in tests of their own; what holds for every address of theirs, whoever
# comes, is tried in test_rooms.py.
ROOMS = {
    "candidacy": "test_candidacy.py", "consent": "test_consent.py", "followup": "test_followup.py",
    "intake": "test_intake.py", "mine": "test_account.py", "outside": "test_privacy.py", "public": "test_public.py",
    "registry": "test_registry.py", "scales": "test_scales.py", "stock": "test_stock_pages.py", "therapy": "test_therapy.py",
}  # fmt: skip


def addresses() -> Iterator[str]:
    """The names of the addresses that stand in the tables above; sign-in, the API and ROOMS have tests of their own."""
    return (name for name in every_address() if name.partition(":")[0] not in ROOMS)


def every_address() -> Iterator[str]:
    """The names of all addresses of the clinic, but those of the sign-in library and the API."""

    def walk(patterns: Any, space: str) -> Iterator[str]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                if pattern.namespace == "api" or str(pattern.pattern) == "accounts/":
                    continue
                yield from walk(pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else space)
            elif isinstance(pattern, URLPattern):
                yield space + (pattern.name or str(pattern.pattern))

    yield from walk(get_resolver().url_patterns, "")


def picture(kind: str = "JPEG", size: tuple[int, int] = (40, 30), **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (180, 150, 120)).save(out, kind, **more)
    return out.getvalue()


class World:
    """Two sites; at the first a running, a booked and a signed session, a monitor on nobody, a message nobody could read."""

    def __init__(self) -> None:
        now = clock.now()
        self.demo: Demo = make_clinic(now)
        self.running = self.demo.start("ben", "Chair 2", now - timedelta(minutes=10))
        self.other_running = self.demo.start("cleo", "Chair 3", now - timedelta(minutes=12))
        self.demo.finished("ada", now - timedelta(days=3))
        self.demo.later("finn", now + timedelta(hours=2))
        sessions = {s.state: s for s in TreatmentSession.objects.all()}
        self.booked, self.signed = sessions["booked"], sessions["signed"]
        self.far = Site.objects.create(pk=2, name="Far Hill Clinic")
        self._things()
        self.by_role = {role: self._staff(role, [role], self.demo.site) for role in STAFF_ROLES}
        self.far_staff = self._staff("far", STAFF_ROLES, self.far)
        self.patient = User.objects.get(patient=self.demo.patients["ada"])
        far_patient = Patient.objects.create(site=self.far, external_id="F-1", name="Fay Far", born=now.date())
        self.far_patient = make_account("fay@far.example", name="Fay Far", patient=far_patient)

    def _things(self) -> None:
        nurse, now = self.demo.staff["nurse"], clock.now()
        entry = Event(
            site=1, happened_at=now, session=self.running, kind="note", label="warm blanket", text="warm blanket"
        )
        record.append(entry, by=nurse)
        uid = uuid.uuid4()
        message = vitals.SentMessage(
            uid=uid, sequence=1, device="MON-9", control_id="x1", received_at=now, device_time=now, patient_id="",
            patient_name="", bed="", mode=Mode.SIMULATED, readings=(), notes=(), rejected_code="AE",
            rejected_reason="no MSH", raw=b"MSH|nonsense",
        )  # fmt: skip
        vitals.record_messages("gw-1", [message], by=record.Program("test"), site=1, at=now)
        token = ApiToken.objects.create(name="old", role="reader", site=self.demo.site, digest="0" * 64)
        worn = Attachment.objects.filter(patient=self.running.patient).first()
        assert worn
        self.kwargs: dict[str, dict[str, Any]] = {
            "": {}, "running": {"uid": self.running.uid}, "booked": {"uid": self.booked.uid},
            "signed": {"uid": self.signed.uid}, "course": {"pk": self.running.course_id},
            "order": {"uid": Order.objects.get(sessions=self.running).uid}, "device": {"pk": Device.objects.get(key="MON-9").pk},
            "message": {"uid": uid}, "patient": {"pk": self.running.patient_id}, "entry": {"uid": entry.uid},
            "token": {"pk": token.pk}, "user": {"pk": self.demo.staff["desk"].pk}, "attachment": {"uid": worn.uid},
        }  # fmt: skip
        self._book(now)
        self.entry = entry
        manager, chair = self.demo.staff["manager"], self.demo.chairs["Chair 5"]
        drill = drills.start("saturation_falls", chair, [nurse], by=manager, at=now)
        self.kwargs["drill"] = {"uid": drill.session}

    def _book(self, now: Any) -> None:
        """A visit, a shift, a paper, somebody who waits and a message: what the book's addresses are about."""
        site, nurse, who = self.demo.site, self.demo.staff["nurse"], self.running.patient
        start, soon = now + timedelta(days=5), now + timedelta(days=4)
        visit = Appointment.objects.create(
            site=site, patient=who, kind="evaluation", starts_at=start, ends_at=start + timedelta(hours=1), booked_at=now
        )  # fmt: skip
        shift = Shift.objects.create(
            site=site, staff=nurse, role="nurse", starts_at=soon, ends_at=soon + timedelta(hours=8)
        )
        paper = Competence.objects.create(site=site, staff=nurse, kind="bls", valid_from=now.date(), keeper="test")
        waits = Waiting.objects.create(site=site, patient=who, from_day=now.date(), until_day=now.date(), asked_at=now)
        letter = OutMessage.objects.create(
            site=site, patient=who, channel="email", to="x@x.example", template="reminder", purpose="reminder", once="x",
            due_at=now, queued_at=now, state="failed",
        )  # fmt: skip
        self.kwargs |= {
            "visit": {"uid": visit.uid}, "gate": {"uid": visit.uid, "gate": "staff"}, "offer": {"uid": visit.uid, "pk": waits.pk},
            "shift": {"pk": shift.pk}, "paper": {"pk": paper.pk}, "waiting": {"pk": waits.pk}, "letter": {"pk": letter.pk},
            "secret": {"secret": "nobody-made-this"},
        }  # fmt: skip

    def _staff(self, name: str, roles: list[str], site: Site) -> User:
        row = {
            "email": f"{name}@roles.example",
            "name": f"Role {name.title()}",
            "title": "",
            "roles": roles,
            "totp": TOTP,
        }
        return make_staff(row, site)

    def url(self, name: str) -> str:
        if name == "healthz":
            return "/healthz"
        about = {**PAGES, **WRITES, STREAM: ("", "running")}[name][1]
        return reverse(name, kwargs=self.kwargs[about])

    def browser(self, user: User | None, **more: Any) -> Client:
        if user is None:
            return Client(**more)
        client = signed_in(user)
        client.handler.enforce_csrf_checks = bool(more.get("enforce_csrf_checks"))
        return client

    def body(self, name: str) -> dict[str, Any]:
        """What this write takes when all is well: so that it is refused for the person's sake and nothing else's."""
        worn = Attachment.objects.filter(patient=self.running.patient).first()
        assert worn
        assert worn.device
        bodies: dict[str, dict[str, Any]] = {
            "monitoring:ack": {"alarm": "none", "did": "looked"}, "monitoring:audio_pause": {"seconds": 60},
            "monitoring:limit": {"condition": "spo2_low", "signal": "spo2_pct", "tier": "medium", "value": 91, "reason": "asked"},
            "monitoring:vitals": {"readings": {"heart_rate_per_min": 72, "spo2_pct": 98}},
            "monitoring:artefact": {"signal": "spo2_pct", "why": "probe moved"},
            "monitoring:attach": {"device": worn.device.pk},
            "session:amend": {"amends": str(uuid.uuid4()), "reason": "a slip", "value": "5"},
            "session:check": {"kind": "pregnancy", "pregnant": "no"},
            "session:gate_enter": {"drug": "ketamine", "dose_mg": "41"}, "session:gate_take_back": {"reason": "slip"},
            "session:gate_override": {"reason": "because", "code": current_totp(TOTP)},
            "plan:cancel": {"reason": "changed", "code": current_totp(TOTP)},
            "session:override": {"rule": "r", "against": "a", "reason": "because"},
            "session:start": {"lot": "L1", "amount_mg": "", "rate_mg_per_h": ""},
            "session:rate": {"rate_mg_per_h": 30, "reason": "sleepy"}, "session:hold": {"reason": "asked"},
            "session:resume": {"rate_mg_per_h": 30}, "session:give": {"kind": "bolus", "amount_mg": 5, "lot": "", "reason": "x"},
            "session:stop": {"reason": "done", "pump_volume_ml": 40}, "session:abort": {"reason": "faint"},
            "session:transfer": {"reason": "911"}, "session:cancel": {"reason": "ill"}, "session:miss": {"reason": "no show"},
            "session:event": {"term": "nausea_vomiting", "grade": 1, "interventions": ["Head up"], "note": "", "resolved_at": "", "amends": ""},
            "session:score": {"scale": "moaas", "value": 4},
            "session:rescue": {"order": "ondansetron", "dose": 4, "unit": "mg", "route": "IV"},
            "session:premedication": {"order": "ondansetron", "dose": 4, "unit": "mg", "route": "by mouth"},
            "session:note": {"text": "sleeps"}, "session:request": {"what": "comfort", "words": "music off"},
            "session:photo": {"what": "site"}, "session:retract": {"amends": str(self.entry.uid)},
            "recovery:look": {"kind": "escort", "name": "Ruth", "handed_over": "yes"},
            "recovery:override": {"rule": "r", "against": "a", "reason": "because"},
            "recovery:sign": {"code": current_totp(TOTP)}, "recovery:addendum": {"text": "called, well"},
            "people:staff_factor": {"reason": "lost phone"}, "people:staff_switch": {"active": "yes"},
            "drills:start": {"drill": "saturation_falls", "chair": self.demo.chairs["Chair 1"].pk, "team": [str(self.demo.staff["nurse"].pk)]},
            "chart:device_attach": {"session": str(self.running.uid), "start": ""},
            "chart:attachment_correct": {"patient": "", "start": "", "end": "", "reason": "wrong person"},
        }  # fmt: skip
        return bodies.get(name, {})

    def post(self, client: Client, name: str) -> Any:
        """A complete write, sent as a form; the picture goes with it where one is asked."""
        body = {k: v for k, v in self.body(name).items() if not isinstance(v, dict)}
        if name == "monitoring:vitals":
            body = {"heart_rate_per_min": "72"}
        if name == "session:photo":
            body["file"] = SimpleUploadedFile("site.jpg", picture(), "image/jpeg")
        return client.post(self.url(name), body)
