"""Does the clinic run as one: every part mended, nothing left behind, one start a folder?"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import stillhaven
from stillhaven.service import folder as folders
from stillhaven.service import guard, migrations, postgres, status
from tests.service.conftest import Clinic, until


def restarts(clinic: Clinic, name: str) -> int:
    return int(clinic.part(name).get("restarts", 0))


def back(clinic: Clinic, name: str, before: int, old_pid: int) -> bool:
    part = clinic.part(name)
    return part.get("state") == "running" and part.get("pid") not in (None, old_pid) and part["restarts"] > before


def test_a_killed_part_is_mended_and_shown(clinic: Clinic) -> None:
    clinic.start()
    with clinic.connect() as db:
        db.execute("INSERT INTO visit (who) VALUES ('Ada')")
    names = ["web", "watch", "worker", "postgres"]
    for done, name in enumerate(names):
        pid = clinic.part(name)["pid"]
        os.kill(pid, signal.SIGKILL)
        until(lambda name=name, pid=pid: back(clinic, name, 0, pid), f"{name} runs again")
        assert clinic.part(name)["last_exit"] == "killed by SIGKILL"
        assert f"{name} ended: killed by SIGKILL" in (clinic.path / "logs" / "serve.log").read_text()
        assert [restarts(clinic, other) for other in names] == [int(place <= done) for place in range(4)]
    with clinic.connect() as db:
        assert db.execute("SELECT who FROM visit").fetchall() == [("Ada",)]
    assert clinic.stop() == 0


def test_the_workers_of_a_killed_part_end_with_it(clinic: Clinic) -> None:
    clinic.start()
    pid = clinic.part("web")["pid"]
    children = until(lambda: Path(f"/proc/{pid}/task/{pid}/children").read_text().split(), "the web server's worker")
    os.kill(pid, signal.SIGKILL)
    until(lambda: back(clinic, "web", 0, pid), "the web server runs again")
    assert not [child for child in children if Path(f"/proc/{child}").exists()]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_clean_stop_leaves_nothing(clinic: Clinic, number: int) -> None:
    clinic.start()
    assert clinic.stop(number) == 0
    assert clinic.left() == []
    assert not (clinic.path / "postgres" / "postmaster.pid").exists()
    assert "database system is shut down" in (clinic.path / "logs" / "postgres.log").read_text()
    assert {part["state"] for part in clinic.status()["parts"].values()} == {"stopped"}


def test_nothing_outlives_a_killed_supervisor(clinic: Clinic) -> None:
    clinic.start()
    assert len(clinic.left()) >= 5
    clinic.stop(signal.SIGKILL)
    until(lambda: clinic.left() == [], "every part has ended by itself")


def test_a_killed_guard_is_replaced(clinic: Clinic) -> None:
    clinic.start()

    def guards() -> list[int]:
        found = []
        for entry in Path(f"/proc/{clinic.process.pid}/task").glob("*/children"):  # type: ignore[union-attr]
            found += [int(pid) for pid in entry.read_text().split() if b"guard.py" in _cmdline(pid)]
        return found

    (first,) = guards()
    os.kill(first, signal.SIGKILL)
    until(lambda: guards() not in ([], [first]), "a new guard")
    clinic.stop(signal.SIGKILL)
    until(lambda: clinic.left() == [], "every part has ended by itself")


def _cmdline(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_it_starts_again_right_after_it_was_killed(clinic: Clinic) -> None:
    clinic.start()
    with clinic.connect() as db:
        db.execute("INSERT INTO visit (who) VALUES ('Ben')")
    clinic.stop(signal.SIGKILL)
    clinic.start()
    with clinic.connect() as db:
        assert db.execute("SELECT who FROM visit").fetchall() == [("Ben",)]
    assert clinic.stop() == 0


def test_a_second_start_on_the_folder_refuses_and_names_the_first(clinic: Clinic, short: Path) -> None:
    clinic.start()
    second = Clinic(clinic.path).run()
    assert second.returncode == 2
    assert f"pid {clinic.process.pid}" in second.stderr  # type: ignore[union-attr]
    assert "stop it first" in second.stderr
    assert clinic.state() == "ready"
    assert clinic.stop() == 0


def test_a_port_in_use_refuses_before_anything_starts(clinic: Clinic) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", clinic.port))
        other.listen()
        done = clinic.run()
    assert done.returncode == 2
    assert f"port {clinic.port} on 127.0.0.1 is in use" in done.stderr
    assert not (clinic.path / "postgres").exists()


def test_two_clinics_do_not_share_a_port(clinic: Clinic, short: Path) -> None:
    clinic.start()
    other = Clinic(short / "other")
    other.port = clinic.port
    assert "is in use" in other.run().stderr


def test_tables_are_looked_at_once(clinic: Clinic) -> None:
    before = migrations.wanted()
    for _ in range(2):
        clinic.start()
        assert clinic.stop() == 0
    if migrations.wanted() != before:
        pytest.skip("somebody is writing migrations at this moment")
    assert (clinic.path / "run" / "migrated").read_text() == "once\n"


def test_tables_that_cannot_be_brought_up_to_date_stop_the_start(clinic: Clinic) -> None:
    done = clinic.run(env={"TINY_MIGRATE": "raise SystemExit('no such column: weight_kg')"})
    assert done.returncode == 1
    assert "migrate ended: failed (1)" in done.stderr
    assert "no such column: weight_kg" in done.stderr
    assert clinic.left() == []


def test_a_second_signal_hurries(clinic: Clinic) -> None:
    clinic.start()
    worker = clinic.part("worker")["pid"]
    clinic.process.send_signal(signal.SIGTERM)  # type: ignore[union-attr]
    until(lambda: clinic.state() == "stopping", "stopping")
    assert clinic.stop(signal.SIGTERM) == 0
    assert not Path(f"/proc/{worker}").exists()
    assert clinic.left() == []


def test_every_part_has_the_same_clock(clinic: Clinic) -> None:
    clinic.start(env={"STILLHAVEN_CLOCK": "2026-11-21T14:00:00Z"})
    told = clinic.status()["supervisor"]["clock"]
    assert told.endswith("s")
    assert told[0] in "+-"
    for name in ("web", "watch", "worker"):
        environ = Path(f"/proc/{clinic.part(name)['pid']}/environ").read_bytes().split(b"\0")
        assert f"STILLHAVEN_CLOCK={told}".encode() in environ


def test_a_real_clinic_refuses_a_set_clock(clinic: Clinic) -> None:
    clinic.path.mkdir()
    (clinic.path / "clinic.toml").write_text("real = true\n")
    done = clinic.run(env={"STILLHAVEN_CLOCK": "+2d"})
    assert done.returncode == 2
    assert "real clinic" in done.stderr


def test_other_hosts_get_tls_that_a_tablet_can_trust(clinic: Clinic) -> None:
    import ssl

    clinic.start(host="0.0.0.0")
    context = ssl.create_default_context(cafile=str(clinic.path / "tls" / "ca.pem"))
    with urllib.request.urlopen(f"https://localhost:{clinic.port}/healthz", context=context, timeout=10) as answer:
        assert answer.status == 200
    environ = Path(f"/proc/{clinic.part('web')['pid']}/environ").read_bytes().split(b"\0")
    assert b"STILLHAVEN_HTTPS=1" in environ


def test_the_folder_may_lie_deep(short: Path) -> None:
    deep = short / ("a-long-name-" * 9) / "clinic"
    clinic = Clinic(deep).start()
    socket_folder = clinic.folder.socket_folder
    assert socket_folder.parent != clinic.folder.run
    assert socket_folder.stat().st_mode & 0o777 == 0o700
    assert clinic.stop() == 0
    assert clinic.left() == []
    clinic.process.stdout.close()  # type: ignore[union-attr]
    clinic.process.stderr.close()  # type: ignore[union-attr]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_ordinary_user_can_run_a_clinic(short: Path) -> None:
    import pwd

    somebody = pwd.getpwnam("nobody")
    short.chmod(0o755)
    home = short / "home"
    home.mkdir()
    os.chown(home, somebody.pw_uid, somebody.pw_gid)
    become = ["setpriv", f"--reuid={somebody.pw_uid}", f"--regid={somebody.pw_gid}", "--clear-groups"]
    root = str(Path(stillhaven.__file__).parents[1])
    env = {**os.environ, "HOME": str(home), "TMPDIR": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    env["PYTHONPATH"] = os.pathsep.join([root, *(path for path in sys.path if path.endswith("site-packages"))])
    for python in (sys.executable, f"/usr/bin/python{sys.version_info[0]}.{sys.version_info[1]}"):
        twice = (
            "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import stillhaven, psycopg'], check=True)"
        )
        tried = subprocess.run([*become, python, "-c", twice], env=env, capture_output=True, text=True, check=False)
        if tried.returncode == 0:
            break
    else:
        pytest.skip(f"no Python that others can run here: {tried.stderr[-200:]}")
    from tests.service.conftest import TINY, free_port

    process = subprocess.Popen(
        [*become, python, str(TINY), str(home / "clinic"), str(free_port())],
        env=env,
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    file = home / "clinic" / "run" / "status.json"
    try:
        until(lambda: process.poll() is not None or (_read(file)["supervisor"]["state"] == "ready"), "ready")
        assert process.poll() is None, process.stderr.read()  # type: ignore[union-attr]
        assert _read(file)["supervisor"]["database"] == "embedded (direct)"
        assert file.stat().st_uid == somebody.pw_uid
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 0


def _read(file: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(file.read_text())
    except (OSError, ValueError):
        return {"supervisor": {"state": ""}}
    return found


def test_an_old_status_is_not_taken_for_life(clinic: Clinic) -> None:
    clinic.start()
    found = status.read(clinic.path / "run" / "status.json")
    assert found is not None
    assert status.is_fresh(found, datetime.now(UTC))
    assert clinic.stop() == 0
    stopped = status.read(clinic.path / "run" / "status.json")
    assert stopped is not None
    assert not status.is_fresh(stopped, datetime.now(UTC))
    assert not status.is_fresh(found, datetime(2036, 1, 1, tzinfo=UTC))


def test_a_group_of_corpses_is_not_alive() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""], start_new_session=True)
    until(lambda: not guard.alive(process.pid), "the process has ended, uncollected")
    assert Path(f"/proc/{process.pid}").exists()
    process.wait()


def test_a_managed_server_is_used_and_left_running(clinic: Clinic, short: Path) -> None:
    other = postgres.server_for(folders.open_folder(short / "managed", create=True))
    process = postgres.start_alone(other, die_with=os.getpid())
    try:
        known = other.parameters()
        url = f"postgresql://{known['user']}:{known['password']}@/{known['dbname']}?host={known['host']}"
        migrate = "import os, psycopg; psycopg.connect(os.environ['DATABASE_URL']).execute('SELECT 1')"
        clinic.start(env={"DATABASE_URL": url, "TINY_MIGRATE": migrate})
        assert clinic.status()["supervisor"]["database"] == "managed"
        assert "postgres" not in clinic.status()["parts"]
        assert clinic.stop() == 0
        assert process.poll() is None
        assert not (clinic.path / "postgres").exists()
    finally:
        postgres.stop_alone(process)


def test_a_careless_managed_server_is_refused(clinic: Clinic, short: Path) -> None:
    other = postgres.server_for(folders.open_folder(short / "managed", create=True))
    process = postgres.start_alone(other, die_with=os.getpid(), throwaway=True)
    try:
        known = other.parameters()
        url = f"postgresql://{known['user']}:{known['password']}@/{known['dbname']}?host={known['host']}"
        done = clinic.run(env={"DATABASE_URL": url})
        assert done.returncode == 2
        assert "runs with fsync off" in done.stderr
    finally:
        postgres.stop_alone(process)
