"""Addresses, certificates, the clock, the logs, the doctor: what surrounds the running parts."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stillhaven.science.errors import BadInput, Refused
from stillhaven.service import database, doctor, leftovers, logs, serve, tls
from stillhaven.service import folder as folders
from tests.service.conftest import free_port

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> folders.DataFolder:
    return folders.open_folder(tmp_path / "clinic", create=True)


# ---------------------------------------------------------------- certificates


def test_own_certificate_is_kept_until_it_must_be_renewed(folder: folders.DataFolder) -> None:
    names = ["localhost", "192.168.7.5"]
    pair = tls.own_pair(folder.tls, names, NOW)
    first, authority = pair.certificate.read_bytes(), (folder.tls / "ca.pem").read_bytes()
    tls.own_pair(folder.tls, names, NOW + timedelta(days=200))
    assert pair.certificate.read_bytes() == first
    tls.own_pair(folder.tls, names, NOW + timedelta(days=340))
    renewed = pair.certificate.read_bytes()
    assert renewed != first
    tls.own_pair(folder.tls, [*names, "clinic.local"], NOW + timedelta(days=340))
    assert pair.certificate.read_bytes() != renewed
    assert (folder.tls / "ca.pem").read_bytes() == authority, "tablets would have to trust anew"


def test_a_spoilt_certificate_is_made_again(folder: folders.DataFolder) -> None:
    pair = tls.own_pair(folder.tls, ["localhost"], NOW)
    pair.certificate.write_text("half of it")
    tls.own_pair(folder.tls, ["localhost"], NOW)
    assert tls.names_in(pair.certificate) == ["localhost"]


def test_certificates_are_no_longer_than_tablets_accept(folder: folders.DataFolder) -> None:
    pair = tls.own_pair(folder.tls, ["localhost"], NOW)
    assert tls.ends_at(pair.certificate) - NOW < timedelta(days=398)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    assert pair.key.stat().st_mode & 0o077 == 0


def test_a_given_certificate_must_fit_its_key(folder: folders.DataFolder, tmp_path: Path) -> None:
    own = tls.own_pair(folder.tls, ["clinic.example"], NOW)
    assert tls.given_pair(own.certificate, own.key).authority is None
    (tmp_path / "other").mkdir()
    other = tls.own_pair(tmp_path / "other", ["clinic.example"], NOW)
    with pytest.raises(BadInput, match="is not the key of"):
        tls.given_pair(own.certificate, other.key)
    with pytest.raises(BadInput, match="cannot be read"):
        tls.given_pair(tmp_path / "nothing.pem", own.key)


def test_plain_http_stays_on_this_machine(folder: folders.DataFolder) -> None:
    assert serve.chosen_address(folder, "127.0.0.1", 1).pair is None
    assert serve.chosen_address(folder, "::1", 1).url == "http://[::1]:1"
    everywhere = serve.chosen_address(folder, "0.0.0.0", 1)
    assert everywhere.pair is not None
    assert everywhere.url == "https://localhost:1"
    with pytest.raises(BadInput, match="both or neither"):
        serve.chosen_address(folder, "0.0.0.0", 1, Path("a.pem"), None)


def test_an_address_of_another_machine_is_refused_in_words() -> None:
    with pytest.raises(Refused, match="not an address of this machine"), serve.claimed_port("192.0.2.1", free_port()):
        pass


# ---------------------------------------------------------------- clock and mode


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ""),
        ("+2d", "+172800.000000s"),
        ("-3h", "-10800.000000s"),
        ("2026-11-22T14:00:00Z", "+86400.000000s"),
        ("=2026-01-01T00:00:00Z", "=2026-01-01T00:00:00+00:00"),
    ],
)
def test_the_clock_is_settled_once_for_every_part(folder: folders.DataFolder, text: str, told: str) -> None:
    assert serve.chosen_clock(folder, text, NOW) == told


def test_a_clock_in_a_file_keeps_its_name(folder: folders.DataFolder, tmp_path: Path) -> None:
    (tmp_path / "clock").write_text("+1h")
    assert serve.chosen_clock(folder, f"@{tmp_path}/./clock", NOW) == f"@{tmp_path}/clock"
    (tmp_path / "clock").write_text("noon")
    with pytest.raises(BadInput, match="noon"):
        serve.chosen_clock(folder, f"@{tmp_path}/clock", NOW)


@pytest.mark.parametrize("how", ["file", "environment"])
def test_a_real_clinic_has_the_real_time_and_is_no_demo(
    folder: folders.DataFolder, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "file":
        folder.mark_real()
    else:
        monkeypatch.setenv("STILLHAVEN_REAL_CLINIC", "1")
    assert serve.chosen_clock(folder, "", NOW) == ""
    with pytest.raises(Refused, match="real clinic"):
        serve.chosen_clock(folder, "+1s", NOW)
    with pytest.raises(Refused, match="real clinic"):
        serve.chosen_mode(folder, "demo")
    assert serve.chosen_mode(folder, "clinic") == "clinic"


def test_children_learn_where_they_are_and_nothing_of_before(
    folder: folders.DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PGHOST", "DATABASE_URL", "STILLHAVEN_CLOCK", "STILLHAVEN_HTTPS"):
        monkeypatch.setenv(name, "of another clinic")
    monkeypatch.setenv("STILLHAVEN_HOSTS", "clinic.example")
    place = database.Database(conninfo="", env={"STILLHAVEN_PG": "/x"}, is_managed=False)
    address = serve.chosen_address(folder, "127.0.0.1", 1)
    setting = serve.Setting(folder=folder, address=address, database=place, server=None)
    env = serve.child_env(setting, mode="clinic", clock="")
    assert "of another clinic" not in env.values()
    assert env["STILLHAVEN_DATA"] == str(folder.path)
    assert env["STILLHAVEN_PG"] == "/x"
    assert "clinic.example" in env["STILLHAVEN_HOSTS"].split(",")


# ---------------------------------------------------------------- managed database


def test_an_address_of_a_database_without_a_name_is_refused() -> None:
    with pytest.raises(BadInput, match="must name a database"):
        database.managed("postgresql://somebody@example.org")
    with pytest.raises(BadInput, match="cannot be read"):
        database.managed("mysql://somebody@example.org/clinic")


def test_the_password_of_a_database_is_in_no_command_line() -> None:
    place = database.managed("postgresql://somebody:s3cret@example.org:6432/clinic")
    assert "s3cret" not in place.tool_conninfo()
    assert place.tool_env()["PGPASSWORD"] == "s3cret"


# ---------------------------------------------------------------- logs, leftovers


def test_a_log_turns_over_and_never_grows_past_its_limit(tmp_path: Path) -> None:
    log = logs.RotatingLog(tmp_path / "web.log", limit_bytes=100, kept=2)
    for number in range(50):
        log.write(f"line {number:04}\n".encode())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["web.log", "web.log.1", "web.log.2"]
    assert all(path.stat().st_size <= 100 for path in tmp_path.iterdir())
    assert log.tail().endswith("line 0049")
    log.close()


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    log = logs.RotatingLog(tmp_path / "gone" / "web.log")
    log.write(b"lost")
    assert log.tail() == ""


def test_what_an_earlier_run_left_is_ended(folder: folders.DataFolder) -> None:
    env = {**os.environ, "STILLHAVEN_CHILD_OF": str(folder.path)}
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    with (
        subprocess.Popen(command, env=env, start_new_session=True) as left,
        subprocess.Popen(command, start_new_session=True) as stranger,
    ):
        assert leftovers.of(folder) == [left.pid]
        leftovers.end(folder, patience_s=0.1)
        assert left.wait(30) != 0
        assert stranger.poll() is None
        stranger.kill()


# ---------------------------------------------------------------- doctor


def verdicts(folder: folders.DataFolder, now: datetime = NOW) -> dict[str, doctor.Check]:
    return {check.about: check for check in doctor.examine(folder.path, port=free_port(), now=now)}


def test_a_new_folder_is_well_but_for_its_backup(folder: folders.DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "ROOM_BAD", 0)  # the disk of whoever runs this may be full
    found = verdicts(folder)
    assert {check.about for check in found.values() if check.verdict == doctor.BAD} == set()
    assert found["backup"].verdict == doctor.WARN
    assert "stillhaven backup" in found["backup"].do
    assert found["database"].verdict == doctor.OK


def test_every_trouble_comes_with_what_to_do(folder: folders.DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mark_real()
    monkeypatch.setenv("STILLHAVEN_CLOCK", "+1d")
    monkeypatch.setattr(doctor, "ROOM_BAD", 2**60)
    monkeypatch.setattr(doctor, "ROOM_WARN", 2**60)
    monkeypatch.setattr(doctor, "SPOOL_WARN", 3)
    (folder.spool / "1.seg").write_bytes(b"four")
    tls.own_pair(folder.tls, ["localhost"], NOW - timedelta(days=500))
    (folder.path / "backup.json").write_text('{"at": "2026-10-01T00:00:00+00:00", "file": "/mnt/b.age"}')
    (folder.cluster).mkdir()
    (folder.cluster / "PG_VERSION").write_text("12\n")
    found = verdicts(folder)
    for about in ("clock", "disk", "certificates", "backup", "database"):
        assert found[about].verdict == doctor.BAD, about
        assert found[about].do, about
    assert found["spool"].verdict == doctor.WARN


def test_a_folder_that_cannot_be_opened_is_a_finding(tmp_path: Path) -> None:
    found = {check.about: check for check in doctor.examine(tmp_path / "none", port=free_port(), now=NOW)}
    assert found["folder"].verdict == doctor.BAD
