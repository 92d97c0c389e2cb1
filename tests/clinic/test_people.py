"""Who may do what, and with whom: roles, sites, accounts, programs' keys, and who looked."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.http import Http404
from django.test import Client, RequestFactory

from stillhaven.clinic.people import actions, gate, queries, roles, tokens
from stillhaven.clinic.people.models import ApiToken, Patient, Site, User
from stillhaven.clinic.people.roles import ACTIONS, Role
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.models import Access, AdminChange
from stillhaven.science.errors import BadInput, Refused
from tests.clinic.signed_in import sign_in

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_old_counts() -> None:
    cache.clear()


def site(number: int = 1) -> Site:
    return Site.objects.get_or_create(id=number, defaults={"name": f"Site {number}"})[0]


def staff(name: str, *role_names: str, sites: tuple[int, ...] = (1,), **more: Any) -> User:
    email = f"{name.replace(' ', '.')}@clinic.example"
    return actions.create_staff(name=name, email=email, roles=role_names, sites=[site(n) for n in sites], **more)


def patient(name: str = "Ada Lund", at: int = 1) -> Patient:
    return Patient.objects.create(site=site(at), external_id=f"P-{name}", name=name, born=date(1980, 1, 1))


@pytest.fixture
def admin() -> User:
    return staff("Ines Moreau", "administrator")


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    return sign_in(client, admin)


# ---------------------------------------------------------------- roles


def test_every_role_of_every_action_exists() -> None:
    for action, allowed in ACTIONS.items():
        assert allowed, action
        assert allowed <= {*map(str, Role), "patient"}, action


def test_nobody_may_do_everything_and_each_role_something() -> None:
    for role in Role:
        mine = {action for action, allowed in ACTIONS.items() if role in allowed}
        assert mine != set(ACTIONS), role
        if role not in (Role.BILLER, Role.CUSTODIAN):  # their rooms are not built yet
            assert mine, role


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_each_action_is_open_to_its_roles_and_to_no_other(action: str) -> None:
    for role in Role:
        holder = User(name="X", roles=[role], is_active=True)
        assert roles.may(holder, action) == (role in ACTIONS[action])
        if role not in ACTIONS[action]:
            with pytest.raises(roles.NotAllowed):
                roles.require(holder, action)
    off = User(name="X", roles=list(Role), is_active=False)
    assert not roles.may(off, action)


def test_signing_stays_with_those_who_prescribe() -> None:
    for action in ("order.sign", "record.sign", "session.override", "session.limits"):
        assert ACTIONS[action] == {"prescriber", "medical_director"}


def test_programs_do_only_what_their_key_is_for() -> None:
    assert {a for a, allowed in ACTIONS.items() if "device" in allowed} == {"readings.send"}
    assert {a for a, allowed in ACTIONS.items() if "reader" in allowed} == {"readings.read"}


def test_a_patients_account_may_only_see_what_is_its_own() -> None:
    person = patient()
    account = actions.create_patient_account(person, email="ada@home.example")
    own = {"own.view", "own.change", "consent.read", "consent.sign", "consent.withdraw", "intake.fill", "journal.write"}
    assert {a for a in ACTIONS if roles.may(account, a)} == own
    assert roles.sees_patient(account, person)
    assert not roles.sees_patient(account, patient("Ben Osei"))


def test_staff_do_not_know_of_patients_elsewhere() -> None:
    nurse = staff("Nadia Alvarez", "nurse")
    with pytest.raises(roles.NotAllowed, match="no such patient"):
        roles.require_patient(nurse, "vitals.record", patient("Zoe Hart", at=2))
    roles.require_patient(nurse, "vitals.record", patient())


def test_another_sites_patient_is_not_found_and_the_try_is_noted(client: Client) -> None:
    nurse = staff("Nadia Alvarez", "nurse")
    answer = sign_in(client, nurse).get(f"/patients/{patient('Zoe Hart', at=2).pk}/")
    assert answer.status_code == 404
    assert "Zoe" not in answer.content.decode()
    assert Access.objects.filter(refused=True, by_id=nurse.pk, path__contains="/patients/").count() == 1


# ---------------------------------------------------------------- accounts


def test_adding_somebody_shows_a_link_once_with_which_they_set_a_password(desk: Client, admin: User) -> None:
    form = {"name": "Noor Said", "email": "noor@clinic.example", "title": "RN", "roles": ["nurse"], "sites": ["1"]}
    page = desk.post("/staff/add/", form)
    link = re.search(r"https?://testserver(/accounts/password/reset/key/[^<]+)<", page.content.decode())
    assert link
    assert "no-store" in page["Cache-Control"]
    made = User.objects.get(email="noor@clinic.example")
    assert not made.has_usable_password()
    assert AdminChange.objects.filter(row=str(made.pk), by_id=admin.pk).exists()
    theirs = Client()
    set_page = theirs.get(link[1])["Location"]
    words = "seven quiet lanterns glow"
    assert theirs.post(set_page, {"password1": words, "password2": words}).status_code == 302
    assert User.objects.get(pk=made.pk).check_password(words)
    assert "does not work any more" in Client().get(link[1]).content.decode()


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("email", "no address"), ("email", "Ines.Moreau@clinic.example"), ("name", "  "), ("roles", []), ("sites", []),
     ("roles", ["device"]), ("roles", ["king"]), ("sites", ["2"])],
)  # fmt: skip
def test_what_cannot_be_taken_comes_back_with_what_was_typed(desk: Client, field: str, wrong: Any) -> None:
    site(2)
    form: dict[str, Any] = {
        "name": "Noor Said", "email": "noor@clinic.example", "title": "RN", "roles": ["nurse"], "sites": ["1"]
    }  # fmt: skip
    page = desk.post("/staff/add/", form | {field: wrong})
    assert page.status_code == 422
    assert 'value="RN"' in page.content.decode()
    assert "field-why" in page.content.decode()
    assert not User.objects.filter(name="Noor Said").exists()


def test_changing_roles_is_an_entry_with_before_and_after(desk: Client, admin: User) -> None:
    nurse = staff("Nadia Alvarez", "nurse")
    desk.post(f"/staff/{nurse.pk}/", {"name": nurse.name, "roles": ["nurse", "manager"], "sites": ["1"]})
    change = AdminChange.objects.filter(row=str(nurse.pk), by_id=admin.pk).last()
    assert change is not None
    assert (change.before["roles"], change.after["roles"]) == (["nurse"], ["manager", "nurse"])


def test_an_administrator_does_not_know_of_staff_elsewhere(desk: Client) -> None:
    elsewhere = staff("Sol Reyes", "nurse", sites=(2,), totp_secret=SECRET)
    assert "Sol Reyes" not in desk.get("/staff/").content.decode()
    assert desk.get(f"/staff/{elsewhere.pk}/").status_code == 404
    deeds = {"": {"name": "X"}, "link/": {}, "second-factor/": {"reason": "x"}, "switch/": {"active": "no"}}
    for deed, form in deeds.items():
        assert desk.post(f"/staff/{elsewhere.pk}/{deed}", form).status_code == 404, deed
    assert User.objects.get(pk=elsewhere.pk).is_active
    assert Authenticator.objects.filter(user=elsewhere).exists()


def test_sites_that_an_administrator_does_not_know_stay_as_they_are(admin: User) -> None:
    both = staff("Sol Reyes", "nurse", sites=(1, 2))
    actions.change_staff(both.pk, name=both.name, title="", role_names=["nurse"], site_ids=[1], by=admin)
    assert set(both.sites.values_list("id", flat=True)) == {1, 2}


def test_nobody_changes_their_own_roles_or_resets_their_own_factor(admin: User) -> None:
    with pytest.raises(Refused, match="their own roles"):
        actions.change_staff(
            admin.pk, name=admin.name, title="", role_names=["administrator", "prescriber"], site_ids=[1], by=admin
        )
    with pytest.raises(Refused, match="their own account"):
        actions.switch_staff(admin.pk, active=False, by=admin)
    with pytest.raises(Refused, match="their own second factor"):
        actions.reset_second_factor(admin.pk, reason="lost", by=admin)


def test_the_last_administrator_of_a_site_stays(admin: User) -> None:
    alone = staff("Kim Park", "administrator", sites=(1, 2))
    with pytest.raises(Refused, match="last administrator"):
        actions.switch_staff(alone.pk, active=False, by=admin)
    with pytest.raises(Refused, match="last administrator"):
        actions.change_staff(alone.pk, name=alone.name, title="", role_names=["nurse"], site_ids=[1], by=admin)
    staff("Uma Diaz", "administrator", sites=(2,))
    assert not actions.switch_staff(alone.pk, active=False, by=admin).is_active


def test_a_nurse_opens_no_staff_page(client: Client) -> None:
    nurse = staff("Nadia Alvarez", "nurse")
    sign_in(client, nurse)
    for path in ("/staff/", "/staff/add/", "/staff/tokens/", f"/staff/{nurse.pk}/", "/access/"):
        assert client.get(path).status_code == 403, path
    assert (
        client.post(f"/staff/{nurse.pk}/", {"name": "X", "roles": ["administrator"], "sites": ["1"]}).status_code == 403
    )
    assert User.objects.get(pk=nurse.pk).roles == ["nurse"]


def test_nobody_who_is_signed_out_comes_in() -> None:
    for path in ("/staff/", "/access/", "/staff/tokens/", "/account/pin/"):
        assert Client().get(path)["Location"] == f"/accounts/login/?next={path}", path
        assert Client().get(path, headers={"Accept": "application/json"}).status_code == 401


def test_resetting_a_factor_needs_a_reason_ends_sessions_and_is_noted(desk: Client, admin: User) -> None:
    nurse = staff("Nadia Alvarez", "nurse", totp_secret=SECRET)
    theirs = sign_in(Client(), nurse)
    assert desk.post(f"/staff/{nurse.pk}/second-factor/", {"reason": "  "}).status_code == 422
    assert Authenticator.objects.filter(user=nurse).exists()
    desk.post(f"/staff/{nurse.pk}/second-factor/", {"reason": "Phone lost; she stands beside me."})
    assert not Authenticator.objects.filter(user=nurse).exists()
    assert theirs.get("/board/").headers.get("Location", "").startswith("/accounts/login/")
    assert not nurse.roster_places.exists()
    change = AdminChange.objects.filter(row=str(nurse.pk), by_id=admin.pk).last()
    assert change is not None
    assert change.after["reason"].startswith("Phone lost")


def test_an_account_that_is_off_signs_in_nowhere_and_stays_in_the_list(desk: Client) -> None:
    nurse = staff("Nadia Alvarez", "nurse")
    theirs = sign_in(Client(), nurse)
    desk.post(f"/staff/{nurse.pk}/switch/", {"active": "no"})
    assert theirs.get("/board/").headers["Location"].startswith("/accounts/login/")
    assert "account off" in desk.get("/staff/").content.decode()


@pytest.mark.parametrize(
    "path", ["/unlock/other/", "/unlock/everyone/", "/lock/", "/staff/1/link/", "/staff/tokens/1/off/"]
)
def test_a_deed_is_never_done_by_opening_an_address(desk: Client, path: str) -> None:
    assert desk.get(path).status_code == 405


# ---------------------------------------------------------------- programs


def asked(secret: str, scheme: str = "Bearer") -> Any:
    return RequestFactory().get("/api/readings", headers={"Authorization": f"{scheme} {secret}"})


def test_a_key_is_shown_once_and_kept_as_a_fingerprint(desk: Client, admin: User) -> None:
    page = desk.post("/staff/tokens/", {"name": "gateway-1", "role": "device", "site": "1"}).content.decode()
    secret = re.search(r"sh_[\w-]{43}", page)
    assert secret
    assert secret[0] not in desk.get("/staff/tokens/").content.decode()
    kept = ApiToken.objects.get(name="gateway-1")
    assert secret[0] not in kept.digest
    assert tokens.authenticate_token(asked(secret[0]), "readings.send") == kept
    assert secret[0] not in str(AdminChange.objects.get(row=str(kept.pk), table="people.ApiToken").after)


def test_a_key_opens_only_its_own_door(admin: User) -> None:
    _, device = actions.create_token(name="gw", role="device", site_id=1, by=admin)
    _, reader = actions.create_token(name="rd", role="reader", site_id=1, by=admin)
    with pytest.raises(roles.NotAllowed):
        tokens.authenticate_token(asked(device), "readings.read")
    with pytest.raises(roles.NotAllowed):
        tokens.authenticate_token(asked(reader), "readings.send")


@pytest.mark.parametrize(("secret", "scheme"), [("sh_unknown", "Bearer"), ("", "Bearer"), ("x", "Basic")])
def test_an_unknown_key_is_nobody(secret: str, scheme: str) -> None:
    with pytest.raises(tokens.NotSignedIn):
        tokens.authenticate_token(asked(secret, scheme), "readings.read")


def test_many_unknown_keys_from_one_address_are_slowed_down() -> None:
    seen = []
    for n in range(40):
        with pytest.raises((tokens.NotSignedIn, roles.NotAllowed)) as refused:
            tokens.authenticate_token(asked(f"sh_{n}"), "readings.read")
        seen.append(refused.type)
    assert seen[0] is tokens.NotSignedIn
    assert seen[-1] is roles.NotAllowed


def test_a_key_that_is_off_is_nobody(desk: Client, admin: User) -> None:
    token, secret = actions.create_token(name="gw", role="device", site_id=1, by=admin)
    desk.post(f"/staff/tokens/{token.pk}/off/")
    with pytest.raises(tokens.NotSignedIn):
        tokens.authenticate_token(asked(secret), "readings.send")


def test_a_key_of_another_site_is_out_of_reach(desk: Client) -> None:
    token, _ = actions.make_token(name="far", role="device", site=site(2))
    assert desk.post(f"/staff/tokens/{token.pk}/off/").status_code == 404
    assert "far" not in desk.get("/staff/tokens/").content.decode()
    assert desk.post("/staff/tokens/", {"name": "mine", "role": "device", "site": "2"}).status_code == 422


def test_a_name_of_a_program_is_used_once(admin: User) -> None:
    token, _ = actions.create_token(name="gw", role="device", site_id=1, by=admin)
    actions.switch_off_token(token.pk, by=admin)
    with pytest.raises(BadInput):
        actions.create_token(name="gw", role="device", site_id=1, by=admin)
    with pytest.raises(BadInput):
        actions.create_token(name="nurse", role="nurse", site_id=1, by=admin)


# ---------------------------------------------------------------- who looked


def request_by(user: User) -> Any:
    request: Any = RequestFactory().get("/patients/1/")
    request.user = user
    return request


def test_a_page_loaded_again_is_one_look_and_another_page_is_another() -> None:
    nurse, person = staff("Nadia Alvarez", "nurse"), patient()
    for _ in range(3):
        gate.log_chart_opened(request_by(nurse), person, "chart")
    gate.log_chart_opened(request_by(nurse), person, "record")
    gate.log_chart_opened(request_by(staff("Omar Haddad", "nurse")), person, "chart")
    assert [(a.by_name, a.what) for a in Access.objects.order_by("seq")] == [
        ("N. Alvarez", "chart"), ("N. Alvarez", "record"), ("O. Haddad", "chart"),
    ]  # fmt: skip


def look(by: User, person: Patient, at: datetime, what: str = "chart", refused: bool = False) -> None:
    record.append(
        Access(site=person.site_id, patient=person.pk, what=what, happened_at=at, refused=refused, why="no" * refused),
        by=by,
    )


def test_the_patient_sees_who_looked_by_day_without_their_own_visits() -> None:
    nurse, person = staff("Nadia Alvarez", "nurse"), patient()
    own = actions.create_patient_account(person, email="ada@home.example")
    for minutes in (0, 5):
        look(nurse, person, NOW + timedelta(minutes=minutes))
    look(nurse, person, NOW - timedelta(days=1))
    look(own, person, NOW)
    look(nurse, person, NOW, refused=True)
    look(nurse, patient("Ben Osei"), NOW)
    found = {(row.day, row.by_name, row.times) for row in queries.who_looked(person.pk)}
    assert found == {(date(2026, 11, 21), "N. Alvarez", 2), (date(2026, 11, 20), "N. Alvarez", 1)}


def test_a_day_of_who_looked_is_a_day_of_the_clinic() -> None:
    nurse, person = staff("Nadia Alvarez", "nurse"), patient()
    look(nurse, person, datetime(2026, 11, 22, 3, 0, tzinfo=UTC))  # still the evening before in New York
    assert queries.who_looked(person.pk)[0].day == date(2026, 11, 21)
    assert len(queries.access_page(frozenset({1}), day=date(2026, 11, 21)).rows) == 1
    assert not queries.access_page(frozenset({1}), day=date(2026, 11, 22)).rows


def test_the_access_log_is_filtered_paged_and_marks_refusals(client: Client) -> None:
    auditor, nurse = staff("Otto Berg", "auditor"), staff("Nadia Alvarez", "nurse")
    ada, ben = patient(), patient("Ben Osei")
    for n in range(120):
        look(nurse, ada if n % 2 else ben, NOW + timedelta(seconds=n))
    look(nurse, ben, NOW, refused=True)
    sign_in(client, auditor)
    first = client.get("/access/", {"person": "alvarez", "patient": "Ada"}).content.decode()
    assert first.count("Ada Lund") == 50
    assert "Ben Osei" not in first
    older = re.search(r'href="\?([^"]+)">Older', first)
    assert older
    second = client.get("/access/?" + older[1].replace("&amp;", "&")).content.decode()
    assert second.count("Ada Lund") == 10
    assert "Older" not in second
    refused = client.get("/access/", {"refused": "yes"}).content.decode()
    assert refused.count('class="refused"') == 1
    assert client.get("/access/", {"day": "yesterday"}).status_code == 422


def test_the_access_log_of_another_site_is_not_shown(client: Client) -> None:
    nurse = staff("Nadia Alvarez", "nurse", sites=(2,))
    look(nurse, patient("Zoe Hart", at=2), clock.now())
    sign_in(client, staff("Otto Berg", "auditor"))
    assert "Zoe Hart" not in client.get("/access/").content.decode()


def test_one_person_is_named_once_an_address() -> None:
    staff("Nadia Alvarez", "nurse")
    with pytest.raises(BadInput):
        actions.create_staff(
            name="Other", email="NADIA.ALVAREZ@clinic.example", roles=["nurse"], sites=[site()],
        )  # fmt: skip
    with pytest.raises(Http404):
        queries.staff_or_404(staff("Sol Reyes", "nurse", sites=(2,)), User.objects.get(name="Nadia Alvarez").pk)


def test_a_new_clinic_gets_its_first_administrator_from_the_command_line() -> None:
    out = StringIO()
    words = {"name": "Ines Moreau", "email": "ines@clinic.example", "stdout": out}
    with pytest.raises(CommandError, match="no such site"):
        call_command("add_administrator", **words)
    call_command("add_administrator", site_name="Harbour Street", zone="Europe/Oslo", **words)
    link = re.search(r"/accounts/password/reset/key/\S+", out.getvalue())
    assert link
    assert Client().get(link[0]).status_code == 302
    made = User.objects.get(email="ines@clinic.example")
    assert (made.roles, Site.objects.get().zone) == (["administrator"], "Europe/Oslo")
    with pytest.raises(CommandError, match="e-mail"):
        call_command("add_administrator", **words)
