"""What is written about a session's vials: drawn up before a witness, and accounted for after the end."""

from __future__ import annotations

from django.http import HttpRequest

from stillhaven.clinic.people import roles, witness
from stillhaven.clinic.session import stocked
from stillhaven.clinic.session.writes import Sent, write
from stillhaven.clinic.stock import actions as stock
from stillhaven.clinic.stock import queries as safe
from stillhaven.clinic.stock.models import StockLine
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.session import State


@write
def draw(sent: Sent, request: HttpRequest) -> None:
    """Draw up for this session."""
    roles.require(sent.by, "stock.draw")
    session = sent.session
    safe.answer_repeat(StockLine, sent.uid, by=sent.by, session_uid=session.uid)  # a witness's code is good for once
    if session.order is None:
        raise Refused(why="there is no signed order for this session")
    if session.state not in {s.value for s in (State.CHECKED_IN, State.READY, State.DOSING, State.HELD)}:
        raise Refused(why=f"the session is {session.state.replace('_', ' ')}; nothing is drawn up for it now")
    typed = sent.text("scan").strip() or sent.text("vial").strip()
    if not typed:
        raise BadInput("vial", "choose the vial, or scan its code")
    vial = safe.find_vial(session.site, typed)
    if vial is None:
        raise BadInput("scan" if sent.text("scan").strip() else "vial", "no vial of this clinic has this code")
    volume, mg = sent.text("volume_ml"), sent.text("mg")
    if vial.is_device and not volume.strip():  # taken whole: there is nothing to measure out
        volume, mg = f"{vial.volume_ml.normalize():f}", f"{vial.content_mg.normalize():f}"
    if not mg.strip():
        raise BadInput("mg", "write the milligrams too: they must say the same as the millilitres")
    seen = witness.confirm(request, sent.text("witness"), sent.text("witness_code"), "stock.witness")
    told = {"diluent": sent.text("diluent").strip()[:60], "final_ml": sent.text("final_ml").strip()[:20]}
    stock.draw(
        vial, volume_ml=volume, mg=mg, session_uid=session.uid, order_uid=session.order.pk,
        patient=session.patient_id, drug=session.order.drug, witness=seen, detail={k: v for k, v in told.items() if v},
        **sent.common,
    )  # fmt: skip


@write
def settle(sent: Sent, request: HttpRequest) -> None:
    """Waste or put back what was not given; the computed dose goes into the ledger in the same transaction."""
    roles.require(sent.by, "stock.waste")
    session = sent.session
    safe.answer_repeat(StockLine, sent.uid, by=sent.by, session_uid=session.uid)
    if session.state in (State.DOSING.value, State.HELD.value):
        raise Refused(why="the drug has not ended; end it first, then account for the rest")
    seen = witness.confirm(request, sent.text("witness"), sent.text("witness_code"), "stock.witness")
    stock.settle(
        session.site_id, session.uid, given_mg=stocked.given_mg(session, sent.at), wasted_mg=sent.text("mg"),
        returned_mg=sent.text("returned_mg"), witness=seen, method=sent.text("method"), reason=sent.text("why"),
        note=sent.text("note"), seen_ml=sent.text("seen_ml").strip()[:20], **sent.common,
    )  # fmt: skip
