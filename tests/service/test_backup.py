"""A backup is whole or refused, while the clinic runs; a restore proves that what came back is what was there."""

from __future__ import annotations

import json
import os
import sqlite3
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest

from stillhaven.science.errors import BadInput, Refused
from stillhaven.service import archive, backup, database, fingerprints, postgres
from stillhaven.service import folder as folders


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        patch.setenv("XDG_CONFIG_HOME", str(home))
        yield home


@pytest.fixture(scope="module")
def clinic(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[folders.DataFolder]:
    """A running clinic with rows, a photo, a spool, heads of the record."""
    folder = folders.open_folder(tmp_path_factory.mktemp("c") / "clinic", create=True)
    server = postgres.server_for(folder)
    process = postgres.start_alone(server, die_with=os.getpid())
    with server.connect() as db:
        db.execute("CREATE TABLE visit (id bigserial PRIMARY KEY, who text, at timestamptz, dose double precision)")
        db.execute("INSERT INTO visit (who, at, dose) SELECT 'p' || n, now(), n / 3.0 FROM generate_series(1, 500) n")
        db.execute("CREATE TABLE record_head (name text PRIMARY KEY, count bigint, hash bytea)")
        db.execute("INSERT INTO record_head VALUES ('clinic:1', 500, '\\x0102')")
        db.execute("CREATE TABLE empty_one (id int)")
    (folder.media / "site").mkdir()
    (folder.media / "site" / "photo.jpg").write_bytes(os.urandom(3_000_000))
    (folder.path / "record" / "heads.json").write_text("{}")
    (folder.spool / "gw-1").mkdir()
    (folder.spool / "gw-1" / "1.seg").write_bytes(b"not yet delivered")
    folder.mark_real()
    yield folder
    postgres.stop_alone(process)


@pytest.fixture(scope="module")
def made(clinic: folders.DataFolder, tmp_path_factory: pytest.TempPathFactory) -> backup.Made:
    return backup.backup(clinic, tmp_path_factory.mktemp("b") / "tonight.age")


def test_a_clinic_comes_back_the_same(clinic: folders.DataFolder, made: backup.Made, tmp_path: Path) -> None:
    told: list[str] = []
    backup.restore(made.file, tmp_path / "new", keys=backup.keys_at_hand(None), tell=told.append)
    new = folders.open_folder(tmp_path / "new")
    for name in ("record_key", "head_key", "django_key", "backup_key", "therapy_key"):
        assert new.secret(name) == clinic.secret(name)
    assert new.secret("pg_password") != clinic.secret("pg_password")
    for name in ("media/site/photo.jpg", "record/heads.json", "spool/gw-1/1.seg"):
        assert (new.path / name).read_bytes() == (clinic.path / name).read_bytes()
    assert new.is_real()
    with database.at(new, purpose="test") as place, place.connect() as db, database.at(clinic, purpose="test") as old:
        rows = db.execute("SELECT * FROM visit ORDER BY id").fetchall()
        with old.connect() as before:
            assert rows == before.execute("SELECT * FROM visit ORDER BY id").fetchall()
        db.execute("INSERT INTO visit (who) VALUES ('next')")  # the numbering goes on, owned by the clinic's own role
        assert db.execute("SELECT max(id) FROM visit").fetchone() == (501,)
    assert "3 tables and 1 heads" in told[-1]
    assert not list(tmp_path.glob("*.restoring"))


def test_the_file_is_private_and_shows_nothing(made: backup.Made) -> None:
    assert made.file.stat().st_mode & 0o777 == 0o600
    data = made.file.read_bytes()
    assert data.startswith(b"age-encryption.org/v1")
    assert b"p499" not in data
    assert b"visit" not in data
    assert not tarfile.is_tarfile(made.file)


@pytest.mark.parametrize("where", [0.0, 0.001, 0.3, 0.7, 0.9999])
def test_one_changed_byte_is_refused_and_leaves_nothing(made: backup.Made, tmp_path: Path, where: float) -> None:
    data = bytearray(made.file.read_bytes())
    place = min(int(len(data) * where), len(data) - 1)
    data[place] ^= 1
    bad = tmp_path / "bad.age"
    bad.write_bytes(data)
    with pytest.raises(Refused):
        backup.restore(bad, tmp_path / "new", keys=backup.keys_at_hand(None))
    assert [path.name for path in tmp_path.iterdir()] == ["bad.age"]


@pytest.mark.parametrize("keep", [0, 10, 400, 100_000, 131_072, -1, -16])
def test_a_file_cut_off_is_refused(made: backup.Made, tmp_path: Path, keep: int) -> None:
    bad = tmp_path / "bad.age"
    bad.write_bytes(made.file.read_bytes()[:keep])
    with pytest.raises(Refused):
        backup.restore(bad, tmp_path / "new", keys=backup.keys_at_hand(None))
    assert not (tmp_path / "new").exists()


def test_another_clinics_key_does_not_open_it(made: backup.Made, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger.key"
    stranger.write_text(str(pyrage.x25519.Identity.generate()))
    with pytest.raises(Refused, match="none of the keys"):
        backup.restore(made.file, tmp_path / "new", keys=backup.keys_at_hand(stranger))


def test_a_further_person_can_open_it(clinic: folders.DataFolder, tmp_path: Path) -> None:
    director = pyrage.x25519.Identity.generate()
    made = backup.backup(clinic, tmp_path / "b.age", to=[str(director.to_public())])
    manifest = archive.unpack(made.file, [str(director)], lambda name: None)
    assert manifest["tables"]["public.visit"]["rows"] == 500


def test_a_forged_manifest_does_not_pass(clinic: folders.DataFolder, tmp_path: Path) -> None:
    """Somebody who has the key changes a table and writes the archive again, but leaves the manifest's fingerprints."""
    made = backup.backup(clinic, tmp_path / "b.age")
    about = {key: value for key, value in made.manifest.items() if key != "files"}
    about["tables"] = {**about["tables"], "public.visit": {"rows": 500, "fingerprint": "1"}}
    parts = tmp_path / "parts"
    archive.unpack(made.file, backup.keys_at_hand(None), lambda name: parts / name)
    key = clinic.secret("backup_key")
    with archive.writing(tmp_path / "forged.age", [backup.recipient_of(key)], lambda: about) as writer:
        for path in sorted(parts.rglob("*")):
            if path.is_file():
                writer.add(path.relative_to(parts).as_posix(), path)
    with pytest.raises(Refused, match=r"public\.visit had 500 rows and has 500"):
        backup.restore(tmp_path / "forged.age", tmp_path / "new", keys=[key])
    assert not (tmp_path / "new").exists()


def test_an_entry_outside_the_folder_is_refused(clinic: folders.DataFolder, tmp_path: Path) -> None:
    key = clinic.secret("backup_key")
    with archive.writing(tmp_path / "evil.age", [backup.recipient_of(key)], dict) as writer:
        writer.add_text("media/../../escaped", "x")
    with pytest.raises(Refused, match="escaped"):
        backup.restore(tmp_path / "evil.age", tmp_path / "new", keys=[key])
    assert not (tmp_path / "escaped").exists()


def test_a_record_that_does_not_hold_is_not_brought_back(made: backup.Made, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="clinic:1 3: was changed"):
        backup.restore(
            made.file, tmp_path / "new", keys=backup.keys_at_hand(None), check=lambda *_: "clinic:1 3: was changed"
        )
    assert not (tmp_path / "new").exists()


def test_nothing_is_restored_over_a_clinic(clinic: folders.DataFolder, made: backup.Made) -> None:
    before = clinic.secret("pg_password")
    with pytest.raises(Refused, match="not empty"):
        backup.restore(made.file, clinic.path, keys=backup.keys_at_hand(None))
    assert clinic.secret("pg_password") == before


def test_a_backup_replaces_no_file_and_does_not_lie_in_the_clinic(clinic: folders.DataFolder, tmp_path: Path) -> None:
    (tmp_path / "b.age").write_text("last week")
    with pytest.raises(Refused, match="exists"):
        backup.backup(clinic, tmp_path / "b.age")
    assert (tmp_path / "b.age").read_text() == "last week"
    with pytest.raises(BadInput, match="inside the clinic"):
        backup.backup(clinic, clinic.path / "b.age")


def test_a_live_sqlite_file_is_copied_whole(tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir()
    live = sqlite3.connect(tmp_path / "spool" / "queue.db")
    live.execute("PRAGMA journal_mode = WAL")
    live.execute("CREATE TABLE m (n int)")
    live.execute("INSERT INTO m VALUES (7)")
    live.commit()
    backup._copy(tmp_path / "spool", tmp_path / "copy")
    with sqlite3.connect(tmp_path / "copy" / "queue.db") as copy:
        assert copy.execute("SELECT n FROM m").fetchall() == [(7,)]
    copy.close()
    live.close()


def test_the_fingerprint_sees_any_change_and_no_order(clinic: folders.DataFolder) -> None:
    with database.at(clinic, purpose="test") as place, place.connect() as db:

        def seen() -> str:
            with db.transaction():
                return json.dumps(fingerprints.tables(db)["public.visit"])

        first = seen()
        with db.transaction(force_rollback=True):
            db.execute("UPDATE visit SET dose = dose + 1e-12 WHERE id = 3")
            assert json.dumps(fingerprints.tables(db)["public.visit"]) != first
        with db.transaction(force_rollback=True):
            db.execute("CREATE TEMP TABLE kept AS SELECT * FROM visit ORDER BY id DESC")
            db.execute("DELETE FROM visit")
            db.execute("INSERT INTO visit SELECT * FROM kept")
            assert json.dumps(fingerprints.tables(db)["public.visit"]) == first


def test_a_stopped_clinic_is_started_for_its_backup(home: Path, tmp_path: Path) -> None:
    folder = folders.open_folder(tmp_path / "clinic", create=True)
    made = backup.backup(folder, tmp_path / "b.age")
    assert made.manifest["tables"] == {}
    assert postgres.server_for(folder).pid() is None
    assert folders.in_use_by(folder) == ""


def test_a_managed_server_is_backed_up_and_filled_only_when_empty(
    clinic: folders.DataFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another folder's server plays the managed one: reached by URL, with no more rights than its database's owner."""
    server = postgres.server_for(clinic)
    with server.connect(admin=True) as db:
        for name in ("managed", "spare"):
            db.execute(f"CREATE DATABASE {name} OWNER stillhaven")
    folder = folders.open_folder(tmp_path / "clinic", create=True)

    def use(name: str) -> None:
        known = server.parameters(dbname=name)
        url = f"postgresql://{known['user']}:{known['password']}@/{name}?host={known['host']}&port={known['port']}"
        monkeypatch.setenv("DATABASE_URL", url)

    use("managed")
    with database.at(folder, purpose="test") as place, place.connect() as db:
        db.execute("CREATE TABLE visit (who text)")
        db.execute("INSERT INTO visit VALUES ('Dev')")
    made = backup.backup(folder, tmp_path / "b.age")
    assert not (folder.cluster).exists()
    with pytest.raises(Refused, match="is not empty"):
        backup.restore(made.file, tmp_path / "new", keys=backup.keys_at_hand(None))
    use("spare")
    backup.restore(made.file, tmp_path / "new", keys=backup.keys_at_hand(None))
    with database.at(folder, purpose="test") as place, place.connect() as db:
        assert db.execute("SELECT who FROM visit").fetchall() == [("Dev",)]
    monkeypatch.delenv("DATABASE_URL")
    with server.connect(admin=True) as db:
        db.execute("DROP DATABASE managed")
        db.execute("DROP DATABASE spare")
