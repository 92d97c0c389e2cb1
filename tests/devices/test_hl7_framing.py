"""Messages come off the wire whole or not at all, however the bytes arrive."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hl7apy.parser import parse_message
from hypothesis import given, settings
from hypothesis import strategies as st

from stillhaven.devices import hl7, mllp
from stillhaven.devices.mllp import Decoder, Frame, frame

NOW = datetime(2026, 11, 21, 14, tzinfo=UTC)
BODY = b"MSH|^~\\&|A\rOBX|1|NM|x||1\r"


def feed(decoder: Decoder, data: bytes, step: int) -> list[Frame]:
    out: list[Frame] = []
    for at in range(0, len(data), step):
        out += decoder.feed(data[at : at + step])
    return out


def good(frames: list[Frame]) -> list[bytes]:
    return [f.body for f in frames if not f.refused]


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_messages_are_found_however_the_bytes_are_cut(step: int) -> None:
    wire = b"\r\nnoise" + frame(BODY) + frame(b"two") + b"\x00\r\n" + frame(b"three")
    assert good(feed(Decoder(), wire, step)) == [BODY, b"two", b"three"]


@settings(deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=60).map(lambda b: b.translate(None, b"\x0b\x1c") or b"x"), max_size=6),
       st.lists(st.integers(1, 9), max_size=40))  # fmt: skip
def test_what_is_framed_comes_out_once_and_in_order(bodies: list[bytes], cuts: list[int]) -> None:
    wire, decoder, out = b"".join(map(frame, bodies)), Decoder(), list[Frame]()
    for cut in cuts:
        out += decoder.feed(wire[:cut])
        wire = wire[cut:]
    out += decoder.feed(wire)
    assert good(out) == [b for b in bodies if b.strip(b"\r\n\t \x00")]


def test_a_missing_last_cr_is_forgiven_once_nothing_follows() -> None:
    decoder = Decoder()
    assert decoder.feed(b"\x0b" + BODY + b"\x1c") == []
    assert decoder.undecided
    assert good(decoder.settle()) == [BODY]
    assert good(decoder.feed(frame(b"next"))) == [b"next"]


def test_a_missing_last_cr_before_the_next_message_is_forgiven_at_once() -> None:
    assert good(Decoder().feed(b"\x0bone\x1c\x0btwo\x1c\r")) == [b"one", b"two"]
    assert good(Decoder().feed(b"\x0bone\x1c\x1c\r" + frame(b"two"))) == [b"one", b"two"]
    assert good(Decoder().feed(b"\x0bone\x1c\n" + frame(b"two"))) == [b"one", b"two"]


@pytest.mark.parametrize("step", [1, 1000])
def test_a_message_with_an_end_mark_inside_is_never_taken_for_whole(step: int) -> None:
    frames = feed(Decoder(), b"\x0bMSH|^~\\&|A\rOBX|1|NM|x||1\x1c20\r\x1c\r" + frame(b"next"), step)
    assert good(frames) == [b"next"]
    assert "may have been cut" in frames[0].refused


@pytest.mark.parametrize("step", [1, 1000])
def test_a_message_with_a_start_mark_inside_is_never_taken_for_whole(step: int) -> None:
    frames = feed(Decoder(), b"\x0bMSH|^~\\&|A\rOBX|\x0b1|NM\r\x1c\r" + frame(b"next"), step)
    assert frames[0].refused
    assert frames[0].answer is False
    # the rest has no header, so the reader refuses it
    assert good(frames) == [b"1|NM\r", b"next"]
    assert good(feed(Decoder(), b"\x0b\x0b" + frame(b"x"), step)) == [b"x"]


def test_a_message_without_its_start_mark_is_refused_not_lost() -> None:
    (refused, fine) = Decoder().feed(BODY + b"\x1c\r" + frame(b"next"))
    assert "start byte" in refused.refused
    assert refused.body == BODY
    assert fine.body == b"next"


@pytest.mark.parametrize("step", [1, 100, 100_000])
def test_a_message_that_is_too_long_is_refused_once_and_memory_stays_bounded(step: int) -> None:
    decoder, most = Decoder(max_frame=1000), 0
    wire = b"\x0b" + b"x" * 20_000 + b"\x1c\r" + frame(b"next")
    out: list[Frame] = []
    for at in range(0, len(wire), step):
        out += decoder.feed(wire[at : at + step])
        most = max(most, decoder.held)
    assert [bool(f.refused) for f in out] == [True, False]
    assert "longer than 1000" in out[0].refused
    assert out[1].body == b"next"
    assert most <= 1000 + step


def test_noise_between_messages_is_not_kept() -> None:
    decoder = Decoder()
    for _ in range(100):
        decoder.feed(b"n" * 10_000)
    assert decoder.held <= mllp.KEPT_OF_REFUSED + 10_000
    assert good(decoder.feed(frame(b"next"))) == [b"next"]


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=30))
def test_no_bytes_confuse_the_framing_for_good(chunks: list[bytes]) -> None:
    decoder = Decoder(max_frame=200)
    for chunk in chunks:
        decoder.feed(chunk)
        assert decoder.held <= 200 + 40 + mllp.KEPT_OF_REFUSED
    # whatever is open, an end and a fresh start bring it back
    assert b"next" in good(decoder.feed(b"\x1c\r" + frame(b"next")))


# ---------------------------------------------------------------- writing


def test_an_acknowledgement_is_one_for_a_strict_library() -> None:
    header = hl7.header(hl7.build_oru("MON-3", "A77", NOW, []).decode())
    ack = parse_message(hl7.build_ack(header, "AA", at=NOW, own_id="1").decode())
    assert (ack.msh.msh_9.msh_9_1.value, ack.msa.msa_1.value, ack.msa.msa_2.value) == ("ACK", "AA", "A77")
    refusal = hl7.build_ack(header, "AE", at=NOW, own_id="2", reason="disk|full^now\r", error="207")
    parsed = parse_message(refusal.decode())
    assert parsed.msa.msa_1.value == "AE"
    assert parsed.err.err_3.err_3_1.value == "207"
    assert hl7.parse_ack(refusal) == ("AE", "A77", "disk full now ")


def test_an_answer_uses_the_senders_delimiters_and_his_control_id_as_sent() -> None:
    header = hl7.header("MSH#*!/+#MON#FAC###20260101##ORU*R01#A/T/7#P#2.3")
    ack = hl7.build_ack(header, "AA", at=NOW, own_id="1").decode()
    assert ack.startswith("MSH#*!/+#")
    assert "MSA#AA#A/T/7\r" in ack
    assert "#MON#FAC#" in ack
    assert "#2.3\r" in ack


@pytest.mark.parametrize("text", ["MSH|^~\\&", "MSH|^~\\&#|", "MSH|^~|", "MSH|^|"])
def test_short_and_long_encoding_characters_are_read(text: str) -> None:
    assert hl7.delimiters(text + "|A").component == "^"


@settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["C"]), max_size=60))
def test_escaping_is_undone_by_unescaping(text: str) -> None:
    escaped = hl7.escape(text)
    assert not set("|^&~") & set(escaped)
    assert hl7.unescape(escaped) == text


def test_simulated_values_are_marked_for_every_reader() -> None:
    built = hl7.build_oru("S", "1", NOW, [hl7.Observation(signal="spo2_pct", value=97.0)], mode="simulated")
    parsed = parse_message(built.decode())
    assert parsed.msh.msh_11.msh_11_1.value == "T"
    assert b"|SIM|" in built
