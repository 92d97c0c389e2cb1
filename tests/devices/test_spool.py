"""What was flushed is there after anything; what the disk spoiled is set aside and said; nothing repeats a number."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillhaven.devices import spool as module
from stillhaven.devices.spool import New, Record, Spool
from stillhaven.science.errors import BadInput

NOW = datetime(2026, 11, 21, 14, tzinfo=UTC)


def new(number: int, size: int = 20) -> New:
    return New(number.to_bytes(16, "big"), NOW, 0, f'{{"n":{number},"x":"{"x" * size}"}}'.encode())


def numbers(records: list[Record]) -> list[int]:
    return [int.from_bytes(r.uid, "big") for r in records]


def everything(spool: Spool) -> list[Record]:
    spool.rewind()
    out: list[Record] = []
    while records := spool.read(limit=7, max_bytes=10_000):
        out += records
    return out


def segments(folder: Path) -> list[Path]:
    return sorted((folder / "segments").iterdir())


def test_what_was_written_is_read_in_order_also_after_a_restart(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    assert spool.append([new(1), new(2)]) == [1, 2]
    assert spool.append([new(3)]) == [3]
    first = everything(spool)
    spool.close()
    again = Spool(tmp_path)
    assert everything(again) == first
    assert numbers(first) == [1, 2, 3]
    assert again.append([new(4)]) == [4]
    assert first[0].received_at == NOW
    again.close()


def test_what_is_settled_is_not_read_again_and_its_files_go(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=500)
    for n in range(1, 101):
        spool.append([new(n)])
    assert len(segments(tmp_path)) > 10
    spool.settle(60)
    assert numbers(everything(spool)) == list(range(61, 101))
    spool.settle(100)
    assert everything(spool) == []
    assert len(segments(tmp_path)) == 1
    spool.close()
    again = Spool(tmp_path, segment_bytes=500)
    assert again.waiting == 0
    assert again.append([new(101)]) == [101]
    assert numbers(everything(again)) == [101]
    again.close()


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 7])
def test_a_file_that_is_settled_and_gone_leaves_no_hole_in_the_next(tmp_path: Path, limit: int) -> None:
    """Reading stops exactly at a file's end, its records are settled and the file goes: the next is read from its start."""
    spool = Spool(tmp_path, segment_bytes=400)
    for n in range(1, 101):
        spool.append([new(n)])
    seen: list[int] = []
    while records := spool.read(limit=limit, max_bytes=10_000):
        seen += numbers(records)
        spool.settle(records[-1].seq)
    assert seen == list(range(1, 101))
    assert spool.spoilt_records == 0
    spool.close()


def test_a_lost_settled_file_costs_repeats_and_no_number_comes_twice(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=300)
    for n in range(1, 21):
        spool.append([new(n)])
    spool.settle(20)
    spool.close()
    (tmp_path / "settled").write_bytes(b"rubbish")
    again = Spool(tmp_path)
    assert again.append([new(21)]) == [21]
    again.close()


@pytest.mark.parametrize("cut", [1, 5, 20, 44, 60])
def test_a_torn_last_record_is_cut_off_and_kept_aside(tmp_path: Path, cut: int) -> None:
    spool = Spool(tmp_path)
    spool.append([new(n) for n in range(1, 6)])
    spool.close()
    path = segments(tmp_path)[0]
    path.write_bytes(path.read_bytes()[:-cut])
    again = Spool(tmp_path)
    assert numbers(everything(again)) == [1, 2, 3, 4]
    assert again.append([new(9)]) == [5]
    assert numbers(everything(again)) == [1, 2, 3, 4, 9]
    assert [p.name.split("-")[0] for p in (tmp_path / "aside").iterdir()] == ["torn"]
    again.close()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 255))
def test_one_spoilt_byte_costs_one_record_and_never_a_wrong_one(tmp_path_factory, at: int, change: int) -> None:
    folder = tmp_path_factory.mktemp("spool")
    spool = Spool(folder)
    spool.append([new(n, 30) for n in range(1, 21)])
    originals = {r.seq: r for r in everything(spool)}
    spool.close()
    path = segments(folder)[0]
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= change
    path.write_bytes(data)
    again = Spool(folder)
    left = everything(again)
    assert len(left) == 19
    assert all(originals[r.seq] == r for r in left)
    assert len(list((folder / "aside").iterdir())) == 1
    everything(again)
    assert len(list((folder / "aside").iterdir())) == 1, "it is set aside once, however often it is passed"
    again.close()


def test_garbage_and_zeros_in_the_middle_are_passed_over(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append([new(1)])
    end = segments(tmp_path)[0].stat().st_size
    spool.append([new(2), new(3)])
    spool.close()
    path = segments(tmp_path)[0]
    data = path.read_bytes()
    path.write_bytes(data[:end] + b"\0" * 5000 + module.MAGIC + b"junk" + data[end:])
    again = Spool(tmp_path)
    assert numbers(everything(again)) == [1, 2, 3]
    assert again.spoilt_records == 1
    again.close()


def test_records_longer_than_a_read_are_read_whole(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append([new(1, 400_000), new(2), new(3, 300_000)])
    spool.rewind()
    out = [r for _ in range(3) for r in spool.read(limit=1, max_bytes=100)]
    assert numbers(out) == [1, 2, 3]
    spool.close()


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path)
    spool.append([new(1)])
    real = os.write

    def full(fd: int, data: bytes) -> int:
        real(fd, data[:30])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module.os, "write", full)
    for _ in range(3):
        with pytest.raises(OSError, match="No space"):
            spool.append([new(2), new(3)])
    monkeypatch.setattr(module.os, "write", real)
    assert numbers(everything(spool)) == [1]
    spool.append([new(4)])
    assert numbers(everything(spool)) == [1, 4]
    assert spool.spoilt_records == 0
    spool.close()


def test_after_a_failed_flush_the_file_is_left_and_what_comes_next_is_safe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path)
    spool.append([new(1)])
    real = os.fdatasync

    def broken(fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(module.os, "fdatasync", broken)
    with pytest.raises(OSError, match="Input"):
        spool.append([new(2)])
    monkeypatch.setattr(module.os, "fdatasync", real)
    spool.append([new(3)])
    assert len(segments(tmp_path)) == 2
    assert numbers(everything(spool)) == [1, 3]
    spool.close()
    again = Spool(tmp_path)
    assert numbers(everything(again)) == [1, 3]
    again.close()


def test_nothing_is_answered_before_it_is_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool, order = Spool(tmp_path), []
    write, sync = os.write, os.fdatasync
    monkeypatch.setattr(module.os, "write", lambda fd, data: (order.append("write"), write(fd, data))[1])
    monkeypatch.setattr(module.os, "fdatasync", lambda fd: (order.append("flush"), sync(fd))[1])
    spool.append([new(1), new(2)])
    assert order == ["write", "flush"]
    spool.close()


def test_one_gateway_per_folder(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    with pytest.raises(BadInput, match=f"in use by another gateway \\(process {os.getpid()}\\)"):
        Spool(tmp_path)
    spool.close()
    Spool(tmp_path).close()


def test_a_folder_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadInput, match="cannot be used"):
        Spool(tmp_path / "file")


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_spool import new
from stillhaven.devices.spool import Spool
spool = Spool(Path({folder!r}), segment_bytes=3000)
for n in range(1, 1_000_000):
    spool.append([new(2 * n), new(2 * n + 1)])
    print(2 * n + 1, flush=True)
"""


def test_a_writer_that_is_killed_loses_nothing_that_it_said_was_safe(tmp_path: Path) -> None:
    for round_ in range(3):
        folder = tmp_path / str(round_)
        code = WRITER.format(tests=str(Path(__file__).parent), folder=str(folder))
        writer = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        said = [int(writer.stdout.readline()) for _ in range(20 + 17 * round_)]
        writer.kill()
        said += [int(line) for line in writer.stdout if line.endswith("\n")]
        writer.wait()
        spool = Spool(folder)
        left = numbers(everything(spool))
        assert left[: said[-1] - 1] == list(range(2, said[-1] + 1))
        spool.close()
