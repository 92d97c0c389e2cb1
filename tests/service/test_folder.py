"""A clinic's folder: private, whole, never somebody else's, never made anew over a lost key."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from stillhaven.science.errors import BadInput, Refused
from stillhaven.service import folder as folders


def test_a_new_folder_is_private_in_every_part(tmp_path: Path) -> None:
    folder = folders.open_folder(tmp_path / "clinic", create=True)
    for path in [folder.path, *folder.path.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert len(bytes.fromhex(folder.secret("record_key"))) == 32
    assert "BEGIN PRIVATE KEY" in folder.secret("head_key")


def test_two_clinics_share_no_secret(tmp_path: Path) -> None:
    one, other = (folders.open_folder(tmp_path / name, create=True) for name in "ab")
    assert not {one.secret(name) for name in folders.SECRETS} & {other.secret(name) for name in folders.SECRETS}


@pytest.mark.parametrize("name", folders.SECRETS)
def test_a_lost_secret_is_refused_and_never_made_anew(tmp_path: Path, name: str) -> None:
    folder = folders.open_folder(tmp_path / "clinic", create=True)
    (folder.secrets / name).unlink()
    with pytest.raises(Refused, match=name):
        folders.open_folder(folder.path, create=True)
    assert not (folder.secrets / name).exists()


def test_a_folder_cut_off_while_it_was_made_is_finished(tmp_path: Path) -> None:
    folder = folders.open_folder(tmp_path / "clinic", create=True)
    key = folder.secret("record_key")
    (folder.path / "VERSION").unlink()
    (folder.secrets / "backup_key").unlink()
    again = folders.open_folder(folder.path, create=True)
    assert again.secret("record_key") == key
    assert again.secret("backup_key").startswith("AGE-SECRET-KEY-")


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(Refused, match=r"holiday\.jpg"):
        folders.open_folder(tmp_path, create=True)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


def test_no_folder_is_made_by_commands_that_only_look(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="does not exist"):
        folders.open_folder(tmp_path / "clinic")
    assert not (tmp_path / "clinic").exists()


@pytest.mark.parametrize(("path", "mode"), [("", 0o755), ("secrets", 0o750), ("secrets/record_key", 0o640)])
def test_what_others_can_open_is_refused_with_the_cure(tmp_path: Path, path: str, mode: int) -> None:
    folder = folders.open_folder(tmp_path / "clinic", create=True)
    (folder.path / path).chmod(mode)
    with pytest.raises(Refused, match="chmod -R go="):
        folders.open_folder(folder.path)


@pytest.mark.parametrize(("layout", "version"), [(1, "99.0.0"), (2, "0.1.0"), (None, "")])
def test_a_folder_of_a_newer_version_is_refused(tmp_path: Path, layout: int | None, version: str) -> None:
    folder = folders.open_folder(tmp_path / "clinic", create=True)
    (folder.path / "VERSION").write_text(json.dumps({"layout": layout, "stillhaven": version}))
    with pytest.raises(Refused, match="newer one"):
        folders.open_folder(folder.path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_refused_by_name(tmp_path: Path) -> None:
    folder = folders.open_folder(tmp_path / "clinic", create=True)
    os.chown(folder.path, 65534, 65534)
    with pytest.raises(Refused, match="belongs to nobody"):
        folders.open_folder(folder.path)


def test_the_lock_names_its_holder_and_ends_with_it(tmp_path: Path) -> None:
    folder = folders.open_folder(tmp_path / "clinic", create=True)
    hold = (
        "import sys, time, pathlib; from stillhaven.service import folder as f\n"
        "with f.locked(f.open_folder(pathlib.Path(sys.argv[1]))): print('held', flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", hold, str(folder.path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Refused, match=f"pid {holder.pid}"), folders.locked(folder):
            pass
        assert str(holder.pid) in folders.in_use_by(folder)
        holder.kill()
    with folders.locked(folder):
        assert str(os.getpid()) in (folder.run / "lock").read_text()
    assert folders.in_use_by(folder) == ""


@pytest.mark.parametrize("length", range(70, 120))
def test_a_socket_path_is_never_too_long(tmp_path: Path, length: int) -> None:
    path = Path("/" + "x" * (length - 1))
    place = folders.DataFolder(path=path).socket_folder / folders.SOCKET_NAME
    assert len(os.fsencode(place)) <= 107
    assert (place.parent.parent == path / "run") == (length + len("/run/pg/.s.PGSQL.5432") <= 107)


def test_a_socket_folder_laid_by_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folders.open_folder(tmp_path / ("deep" * 40) / "clinic", create=True)
    monkeypatch.setattr(folders, "short_temp", lambda: tmp_path)
    folder.socket_folder.symlink_to(tmp_path)
    with pytest.raises(Refused, match="somebody else"):
        folders.make_socket_folder(folder)


def test_which_clinic_is_never_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STILLHAVEN_DATA")
    with pytest.raises(BadInput, match="which clinic"):
        folders.default_path(None)
    folder = folders.open_folder(tmp_path / "clinic", create=True)
    monkeypatch.chdir(folder.path)
    assert folders.default_path(None) == folder.path
    monkeypatch.setenv("STILLHAVEN_DATA", str(tmp_path / "other"))
    assert folders.default_path(None) == tmp_path / "other"
    assert folders.default_path(str(folder.path)) == folder.path


def test_real_is_written_once_and_other_settings_stay(tmp_path: Path) -> None:
    folder = folders.open_folder(tmp_path / "clinic", create=True)
    (folder.path / "clinic.toml").write_text('real = false\nname = "Harbour"\n')
    assert not folder.is_real()
    folder.mark_real()
    folder.mark_real()
    assert folder.is_real()
    assert folder.settings() == {"real": True, "name": "Harbour"}


def test_a_setting_file_that_cannot_be_read_says_where(tmp_path: Path) -> None:
    folder = folders.open_folder(tmp_path / "clinic", create=True)
    (folder.path / "clinic.toml").write_text("real = yes\n")
    with pytest.raises(BadInput, match=r"clinic\.toml"):
        folder.is_real()


def test_a_folder_of_an_older_version_gets_the_secret_that_came_since(tmp_path: Path) -> None:
    folder = folders.open_folder(tmp_path / "clinic", create=True)
    record_key = folder.secret("record_key")
    (folder.secrets / "therapy_key").unlink()
    older = {"layout": folders.LAYOUT, "stillhaven": "0.0.1", "created_at": "2026-01-01T00:00:00+00:00"}
    (folder.path / "VERSION").write_text(json.dumps(older))
    made = folders.open_folder(folder.path).secret("therapy_key")
    assert len(bytes.fromhex(made)) == 32
    assert folders.open_folder(folder.path).secret("therapy_key") == made
    assert folder.secret("record_key") == record_key
    assert json.loads((folder.path / "VERSION").read_text())["created_at"] == older["created_at"]
    (folder.secrets / "therapy_key").unlink()  # it has had one now: from here on it is lost, not new
    with pytest.raises(Refused, match="therapy_key"):
        folders.open_folder(folder.path)


@pytest.mark.parametrize("secrets", [None, "therapy_key", ["record_key"]])
def test_what_version_says_of_secrets_may_be_anything(tmp_path: Path, secrets: object) -> None:
    folder = folders.open_folder(tmp_path / "clinic", create=True)
    key = folder.secret("therapy_key")
    said = json.loads((folder.path / "VERSION").read_text()) | {"secrets": secrets}
    (folder.path / "VERSION").write_text(json.dumps(said))
    assert folders.open_folder(folder.path).secret("therapy_key") == key
