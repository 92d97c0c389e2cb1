"""How is an HL7 v2 message written and taken apart, before anyone asks what it means?

Syntax only: delimiters, segments, fields, escape sequences, character sets, and building a result message or an
acknowledgement.  What the fields mean is in `messages.py`.  Own code, because the two Python libraries are two orders
of magnitude too slow for a ward of monitors (`docs/explain/gateway.md`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from stillhaven.devices.tables import shipped
from stillhaven.science.errors import BadInput

APPLICATION = "STILLHAVEN"

# MSH-18 (HL7 table 0211) -> Python's name
CHARSETS = {
    "ASCII": "ascii", "8859/1": "iso8859-1", "8859/2": "iso8859-2", "8859/3": "iso8859-3", "8859/4": "iso8859-4",
    "8859/5": "iso8859-5", "8859/6": "iso8859-6", "8859/7": "iso8859-7", "8859/8": "iso8859-8",
    "8859/9": "iso8859-9", "8859/15": "iso8859-15", "UNICODE UTF-8": "utf-8", "UNICODE": "utf-8", "UTF-8": "utf-8",
    "UTF8": "utf-8", "GB 18030-2000": "gb18030", "GB18030": "gb18030", "GBK": "gb18030", "BIG-5": "big5",
    "KS X 1001": "euc-kr", "ISO IR87": "iso2022-jp", "ISO IR14": "shift-jis", "CP1252": "cp1252",
    "WINDOWS-1252": "cp1252", "ISO-8859-1": "iso8859-1",
}  # fmt: skip

_DELIMITER = re.compile(r"[!-/:-@\[-`{-~]")  # ASCII punctuation


class NotHl7(ValueError):
    """Bytes that are not an HL7 v2 message; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Delimiters:
    """MSH-1 and MSH-2: how this message separates its parts."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"

    @property
    def msh2(self) -> str:
        return self.component + self.repetition + self.escape + self.subcomponent


USUAL = Delimiters()


def delimiters(text: str) -> Delimiters:
    """The delimiters that the first eight characters of a message declare; NotHl7 if they cannot.

    >>> delimiters("MSH|^~\\\\&|") == USUAL
    True
    >>> delimiters("MSH#*!/+#MON").component
    '*'
    """
    if text.startswith("MSH|^~\\&"):
        return USUAL
    if not text.startswith("MSH") or len(text) < 5:
        raise NotHl7("it does not begin with an MSH segment")
    separator = text[3]
    if not _DELIMITER.match(separator):
        raise NotHl7("the field separator after MSH is not one")
    encoding = text[4 : text.find(separator, 4)] if separator in text[4:] else ""
    if not 1 <= len(encoding) <= 5:
        raise NotHl7("the encoding characters (MSH-2) cannot be read")
    # missing ones take HL7's recommended character; a fifth is the truncation character of version 2.7
    padded = encoding[:4] + USUAL.msh2[len(encoding[:4]) :]
    chosen = [separator, *padded]
    if len(set(chosen)) != 5 or not all(_DELIMITER.match(c) for c in chosen):
        raise NotHl7("the delimiters in MSH-1 and MSH-2 are not five different characters")
    return Delimiters(
        field=separator, component=padded[0], repetition=padded[1], escape=padded[2], subcomponent=padded[3]
    )


def decode(raw: bytes, notes: list[str]) -> str:
    """The text of a message.  Whatever its character set, every ASCII character (all values) stays itself."""
    if raw.isascii():
        return raw.decode("ascii")
    if raw.startswith(b"\xef\xbb\xbf"):
        raw = raw[3:]
    declared = _declared_charset(raw)
    codec = CHARSETS.get(declared.upper(), "") if declared else ""
    if declared and not codec:
        notes.append(f"the character set {declared[:40]!r} is not known; names may be misspelt")
    for candidate in (codec, "utf-8"):
        try:
            if candidate:
                return raw.decode(candidate)
        except UnicodeDecodeError:
            if candidate == codec:
                notes.append(f"the text is not {declared}, as it says; names may be misspelt")
    if not declared:
        notes.append("no character set is named and the text is not UTF-8; names may be misspelt")
    return raw.decode("iso8859-1")


def _declared_charset(raw: bytes) -> str:
    header = re.split(rb"[\r\n]", raw.lstrip(b"\r\n \t\x00"), maxsplit=1)[0]
    fields = header.split(header[3:4]) if len(header) > 8 else []
    return fields[17].split(b"~")[0].decode("ascii", "replace").strip() if len(fields) > 17 else ""


def segments(text: str) -> list[str]:
    """The lines of a message.  CR is right; LF and CR LF are read as well."""
    if "\n" in text:
        text = text.replace("\r\n", "\r").replace("\n", "\r")
    return text.split("\r")


def escape(text: str) -> str:
    """Text as it may stand in a field, with the usual delimiters.

    >>> escape("a|b&c")
    'a\\\\F\\\\b\\\\T\\\\c'
    """
    out = text.replace("\\", "\\E\\")
    for char, name in (("|", "F"), ("^", "S"), ("&", "T"), ("~", "R")):
        out = out.replace(char, f"\\{name}\\")
    return out.replace("\r\n", "\\.br\\").replace("\r", "\\.br\\").replace("\n", "\\.br\\")


def unescape(text: str, d: Delimiters = USUAL) -> str:
    """Text as it was meant.  Unknown escape sequences (highlighting, local ones) are left out.

    >>> unescape("2.73x10\\\\S\\\\-7"), unescape("\\\\X48\\\\i")
    ('2.73x10^-7', 'Hi')
    """
    if d.escape not in text:
        return text
    mark = re.escape(d.escape)
    named = {"F": d.field, "S": d.component, "T": d.subcomponent, "R": d.repetition, "E": d.escape, ".br": "\n"}

    def meant(match: re.Match[str]) -> str:
        body = match.group(1)
        if body in named:
            return named[body]
        if body[:1] == "X" and len(body) % 2 == 1:
            try:
                raw = bytes.fromhex(body[1:])
            except ValueError:
                return ""
            try:
                return raw.decode("utf-8")
            except UnicodeDecodeError:
                return raw.decode("iso8859-1")
        return ""

    return re.sub(f"{mark}([^{mark}]*){mark}", meant, text)


# ---------------------------------------------------------------- acknowledgements


@dataclass(frozen=True, kw_only=True)
class Header:
    """What an answer needs of the message that it answers.  Everything as sent, still escaped."""

    delimiters: Delimiters = USUAL
    application: str = ""
    facility: str = ""
    receiving_application: str = ""
    control_id: str = ""
    processing: str = "P"
    version: str = "2.6"
    trigger: str = ""
    accept: str = ""  # MSH-15
    respond: str = ""  # MSH-16
    charset: str = ""
    fields: tuple[str, ...] = ()  # of the whole segment, split at the field separator: fields[n - 1] is MSH-n


ERRORS = {  # HL7 table 0357
    "100": "Segment sequence error", "101": "Required field missing", "102": "Data type error",
    "103": "Table value not found", "200": "Unsupported message type", "201": "Unsupported event code",
    "202": "Unsupported processing id", "203": "Unsupported version id", "207": "Application internal error",
}  # fmt: skip


def header(text: str) -> Header:
    """The header of a message for answering it; NotHl7 if there is none."""
    text = text.lstrip("\ufeff\r\n \t\x00")
    d = delimiters(text)
    ends = [end for end in (text.find("\r"), text.find("\n")) if end >= 0]
    f = (text[: min(ends)] if ends else text).split(d.field)
    f += [""] * (22 - len(f))
    # f[n - 1] is MSH-n, because MSH-1 is the separator itself
    trigger = f[8].split(d.component)[1] if d.component in f[8] else ""
    return Header(
        delimiters=d, application=f[2], facility=f[3], receiving_application=f[4], control_id=f[9],
        processing=f[10] or "P", version=f[11].split(d.component)[0] or "2.6", trigger=trigger,
        accept=f[14].strip().upper(), respond=f[15].strip().upper(), charset=f[17], fields=tuple(f),
    )  # fmt: skip


def build_ack(
    answered: Header | None, code: str, *, at: datetime, own_id: str, reason: str = "", error: str = "207"
) -> bytes:
    """An acknowledgement: AA, AE, AR (or CA, CE, CR) for a message, with the reason where it is refused."""
    to = answered or Header()
    d, sep = to.delimiters, to.delimiters.field
    kind = d.component.join(("ACK", to.trigger, "ACK")) if to.trigger else "ACK"
    when = f"{at:%Y%m%d%H%M%S}.{at.microsecond // 1000:03d}+0000"
    msh = [f"MSH{sep}{d.msh2}", to.receiving_application or APPLICATION, "", to.application, to.facility, when, "",
           kind, own_id, to.processing, to.version]  # fmt: skip
    said = _plain(reason, d) if reason else ""
    msa = ["MSA", code, to.control_id] + ([said] if said else [])
    lines = [sep.join(msh), sep.join(msa)]
    if code not in ("AA", "CA"):
        named = d.component.join((error, ERRORS.get(error, ""), "HL70357"))
        lines.append(sep.join(["ERR", "", "", named, "E", "", "", "", said]))
    return ("\r".join(lines) + "\r").encode(CHARSETS.get(to.charset.upper(), "utf-8"), "replace")


def _plain(text: str, d: Delimiters) -> str:
    """A reason without anything that could be taken for a delimiter."""
    banned = set(d.field + d.msh2)
    return "".join(" " if c in banned or ord(c) < 32 else c for c in text)[:200]


# ---------------------------------------------------------------- building results


@dataclass(frozen=True, kw_only=True)
class Observation:
    """One value to be sent.  `value` is in the signal's own unit, None for "no value".

    `at` is OBX-14 (a cuff's own time); `probe` the containment path (OBX-4); `flag` OBX-8; `code` and `unit` stand in
    for the shipped ones (written as they go into OBX-3 and OBX-6).
    """

    signal: str
    value: float | str | None
    at: datetime | None = None
    probe: str = ""
    flag: str = ""
    code: str = ""
    unit: str = ""


_UNIT_OF = {"per_min": "/min", "pct": "%", "mmhg": "mmHg", "c": "degC"}


def stamp(at: datetime) -> str:
    """A time as HL7 writes it, with its offset."""
    if at.tzinfo is None:
        raise BadInput("at", "needs a time zone")
    return f"{at:%Y%m%d%H%M%S}.{at.microsecond // 1000:03d}{at:%z}"


def build_oru(
    device: str,
    control_id: str,
    at: datetime,
    observations: Sequence[Observation],
    *,
    patient_id: str = "",
    patient_name: str = "",
    bed: str = "",
    mode: str = "real",
    accept: str = "",
    respond: str = "",
) -> bytes:
    """One ORU^R01 message in the PCD-01 profile, UTF-8, segments ended by CR.

    `mode` other than "real" marks the whole message (MSH-11) and every value (OBX-8), so that nobody can chart it as
    real: "demo", "test", "simulated".
    """
    if mode not in ("real", "demo", "test", "simulated"):
        raise BadInput("mode", f"{mode!r} is not real, demo, test or simulated")
    mark = {"real": "", "demo": "DEMO", "test": "TEST", "simulated": "SIM"}[mode]
    when = stamp(at)
    profile = "IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO"
    lines = [
        "|".join([
            "MSH|^~\\&", escape(device), "", "", "", when, "", "ORU^R01^ORU_R01", escape(control_id),
            "T" if mark else "P", "2.6", "", "", accept, respond, "", "UNICODE UTF-8", "", "", profile,
        ]),
        f"PID|||{escape(patient_id)}^^^^PI||{escape(patient_name)}^^^^^^L",
        f"PV1||I|^^{escape(bed)}",
        f"OBR|1||{escape(control_id)}^{escape(device)}|182777000^monitoring of patient^SCT|||{when}",
    ]  # fmt: skip
    lines += [_obx(i, o, mark) for i, o in enumerate(observations, start=1)]
    return ("\r".join(lines) + "\r").encode()


def _obx(number: int, o: Observation, mark: str) -> str:
    tables = shipped()
    code, unit = o.code, o.unit
    if not code:
        if o.signal not in tables.send:
            raise BadInput("signal", f"{o.signal!r} has no code to send")
        known = tables.send[o.signal]
        code = f"{known.code}^{known.name}^{known.system}"
    if not unit and o.signal:
        unit = tables.send_unit[next(u for end, u in _UNIT_OF.items() if o.signal.endswith("_" + end))]
    value = "" if o.value is None else escape(o.value) if isinstance(o.value, str) else f"{o.value:.10g}"
    flags = "~".join(f for f in (o.flag or ("NAV" if o.value is None else ""), mark) if f)
    status = "X" if o.value is None else "R"
    own_time = stamp(o.at) if o.at else ""
    return "|".join(["OBX", str(number), "NM", code, escape(o.probe), value, unit, "", flags, "", "", status, "", "",
                     own_time])  # fmt: skip


def parse_ack(raw: bytes) -> tuple[str, str, str]:
    """(code, control id, reason) of an acknowledgement; ("", "", why) if it is none."""
    text = raw.decode("utf-8", "replace")
    try:
        d = delimiters(text.lstrip())
    except NotHl7 as error:
        return "", "", str(error)
    for line in segments(text):
        if line.startswith("MSA"):
            f = [*line.split(d.field), "", "", ""]
            return f[1], f[2], unescape(f[3], d)
    return "", "", "no MSA segment in the answer"
