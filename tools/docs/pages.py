"""Which pages can be written by looking?  The reference pages: commands, roles, and everything the reference files hold."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

import click

from stillhaven.cli import COMMANDS, cli
from stillhaven.clinic.people.roles import ACTIONS, Role
from stillhaven.reference.load import Reference, current
from stillhaven.science.alarms.conditions import AlarmCondition
from stillhaven.science.policy import PolicyItem
from stillhaven.science.protocol import Protocol

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "reference"
MARK = "<!-- Written by `make docs` from the code and the reference files.  Do not edit. -->"
_ROUTES = {"iv_infusion": "IV infusion", "iv_bolus": "IV bolus", "im": "IM"}


def write() -> list[str]:
    """Write every generated page that is not as it should be; says which."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    changed = []
    for name, text in all_pages().items():
        path = FOLDER / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(str(path.relative_to(ROOT)))
    return changed


def stale() -> list[str]:
    """Generated pages that are missing, not as the code and files are now, or that nobody generates any more."""
    wanted = all_pages()
    there = {p.name: p.read_text(encoding="utf-8") for p in FOLDER.glob("*.md")}
    found = [f"docs/reference/{name} is stale: run `make docs`" for name in wanted if there.get(name) != wanted[name]]
    found += [
        f"docs/reference/{name} is marked as generated, and nothing generates it"
        for name, text in there.items()
        if MARK in text and name not in wanted
    ]
    return found


def all_pages() -> dict[str, str]:
    """File name -> text of every generated page."""
    numbers = current()
    made = {
        "commands.md": commands(),
        "actions-and-roles.md": actions_and_roles(),
        "alarm-conditions.md": alarm_conditions(numbers),
        "protocols.md": protocols(numbers),
        "signals.md": signals(numbers),
        "policy-items.md": policy_items(numbers),
        "sources.md": sources(numbers),
    }
    return {name: "\n".join(line.rstrip() for line in text.splitlines()) + "\n" for name, text in made.items()}


def _page(title: str, opening: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", MARK, opening, *(part for part in parts if part)])


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    names = list(head)
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += [
        "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows
    ]
    return "\n".join(lines)


# ---------------------------------------------------------------- the command line


def commands() -> str:
    """Every command with its options, as `--help` says them."""
    root = click.Context(cli, info_name="stillhaven")
    parts = []
    for name in cli.list_commands(root):
        command = cli.get_command(root, name)
        assert command is not None
        parts.append(_command(f"stillhaven {name}", command, root))
        if isinstance(command, click.Group):
            inside = click.Context(command, info_name=name, parent=root)
            for inner in command.list_commands(inside):
                found = command.get_command(inside, inner)
                assert found is not None
                parts.append(_command(f"stillhaven {name} {inner}", found, inside))
    own = _table(
        ["command", "what it does"], [(f"`stillhaven manage --data DIR {name}`", says) for name, says in managed()]
    )
    return _page(
        "Commands", f"{len(COMMANDS)} words are known to `stillhaven`; `--help` after any of them says what stands here.",
        *parts, "## On a clinic's folder\n\nBeside Django's own commands, `manage` knows these.", own,
    )  # fmt: skip


def _command(name: str, command: click.Command, parent: click.Context) -> str:
    context = click.Context(
        command, info_name=name.rsplit(" ", 1)[-1], parent=parent, terminal_width=100, max_content_width=100
    )
    return f"## {name}\n\n```text\n{command.get_help(context)}\n```"


def managed() -> list[tuple[str, str]]:
    """The clinic's own management commands with their help, read without loading Django."""
    found = []
    for path in (ROOT / "stillhaven" / "clinic").glob("*/management/commands/[a-z]*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "help":
                found.append((path.stem, str(ast.literal_eval(node.value))))
                break
    return sorted(found)


# ---------------------------------------------------------------- people


def actions_and_roles() -> str:
    """Who may do what: one line an action."""
    roles = [role.value for role in Role]
    rooms: dict[str, list[tuple[str, frozenset[str]]]] = {}
    for action, allowed in ACTIONS.items():
        rooms.setdefault(action.split(".")[0], []).append((action, allowed))
    parts = []
    for room, lines in rooms.items():
        rows = [(f"`{a}`", ", ".join(_plain(r) for r in [*roles, "patient"] if r in allowed)) for a, allowed in lines]
        parts.append(f"## {_plain(room).capitalize()}\n\n" + _table(["action", "who may"], rows))
    opening = (
        "Every action has a line in `stillhaven/clinic/people/roles.py`; without a line nobody may do it. The role says "
        "what a person may do at all; beside it the patient has to be of one of their sites. *device* and *reader* are "
        "roles of programs; *patient* is a patient's own account, for what is their own."
    )
    return _page("Actions and roles", opening, *parts)


def _plain(word: str) -> str:
    return word.replace("_", " ")


# ---------------------------------------------------------------- numbers


def signals(numbers: Reference) -> str:
    """Vital signs: unit, what a living person can have, when a value is no longer current."""
    rows = [
        (f"`{s.key}`", s.name, s.unit, f"{s.low:g} to {s.high:g}", s.decimals,
         f"{s.stale_after_s:g} s" + (" (cuff)" if s.intermittent else ""), s.source)
        for s in numbers.signals.values()
    ]  # fmt: skip
    return _page(
        "Signals",
        "One unit each. A value outside the plausible range is kept and marked, and no rule judges it. A value older than "
        "its age limit becomes a dash on every screen; the age of a cuff value counts from when it was measured.",
        _table(["key", "name", "unit", "plausible", "decimals", "stale after", "source"], rows),
    )


def alarm_conditions(numbers: Reference) -> str:
    """What an alarm may be about, how urgent, after which delay."""
    alarms = numbers.alarms
    opening = (
        "The bedside monitor is the primary alarm. Delays are disclosed here and count from when the value was known to the "
        "server. A candidate is what a source offers and never in force by itself: limits come from the order, else from "
        f"the clinic's policy. The sound may be paused for at most {alarms.audio_pause_max_s:g} s. How they are judged: "
        "[alarms](../explain/alarms.md)."
    )
    return _page("Alarm conditions", opening, *(_condition(c) for c in alarms.conditions))


def _condition(c: AlarmCondition) -> str:
    facts = [
        f"{c.kind.value}, rule `{c.rule.value}`" + (f" ({_plain(c.comparison.value)})" if c.comparison else ""),
        f"about: {', '.join(f'`{s}`' for s in c.signals)}" if c.signals else "",
        f"delay: {c.delay_s:g} s",
        f"waits for: {c.wait_s:g} s" if c.wait_s else "",
        "latching: stays until somebody acknowledges it" if c.latching else "not latching: clears by itself",
        f"unanswered for {c.escalate_after_s:g} s it goes to the station" if c.escalate_after_s is not None else "",
        f"judged: {_plain(c.phase.value)}" if c.phase.value != "any" else "",
        f"limits of: `{c.limits_of}`" if c.limits_of else "",
        f"only for: {', '.join(_plain(d) for d in c.drugs)}" if c.drugs else "",
        f"what to do: {c.action}" if c.action else "",
        f"source: {c.source}, {'confirmed' if c.confirmed else 'not confirmed'}",
    ]
    rows = []
    for tier in c.tiers:
        for kind, limits in (("in force", tier.shipped), ("candidate", tier.candidates)):
            rows += [
                (tier.key, tier.priority.value, kind, f"`{x.signal}`", _limit(x.value, x.basis.value), x.source,
                 "yes" if x.confirmed else "no", x.note)
                for x in limits
            ]  # fmt: skip
        if not tier.shipped and not tier.candidates:
            rows.append((tier.key, tier.priority.value, "", "", "", "", "", ""))
    head = ["tier", "priority", "limit", "signal", "value", "source", "confirmed", "note"]
    return f"## {c.title}\n\n`{c.key}`\n\n" + "\n".join(f"- {f}" for f in facts if f) + "\n\n" + _table(head, rows)


def _limit(value: float, basis: str) -> str:
    return {"absolute": f"{value:g}", "rise": f"{value:g} over baseline", "percent": f"{value:g} % over baseline"}[
        basis
    ]


def protocols(numbers: Reference) -> str:
    """Published regimens and guidance, with how far each was checked."""
    opening = (
        "What was published, in the house's own words. Ketamine is approved for no psychiatric disorder, and esketamine's "
        "approval does not extend to infusions. Racemic ketamine, S-ketamine and esketamine doses are not interchangeable. "
        "Nothing here is a dose for a person: a prescriber makes an order from it and signs. "
        "*Guidance* holds rules and no dose."
    )
    return _page("Protocols", opening, *(_protocol(p) for p in numbers.protocols.values()))


def _protocol(p: Protocol) -> str:
    facts = [
        f"{p.kind.value}, {_plain(p.basis.value)}; {_plain(p.drug.value)}; "
        + ", ".join(_ROUTES.get(r.value, _plain(r.value)) for r in p.routes),
        f"for: {p.indication}" if p.indication else "",
        f"setting: {p.setting}" if p.setting else "",
        *(f"ceiling: {c.limit:g} {c.unit} ({c.title or _plain(c.key)}; {c.cite.words})" for c in p.ceilings),
        f"at most {p.most_sessions_per_week} sessions a week" if p.most_sessions_per_week else "",
        f"evaluate: {p.evaluate}" if p.evaluate else "",
        *(f"rule: {text}" for text in p.rules),
        *(f"evidence: {text}" for text in p.evidence),
        *(f"also reported: {text}" for text in p.alternatives),
        *(f"hazard: {text}" for text in p.hazards),
        *(f"warning: {text}" for text in p.warnings),
        f"the order asks: {', '.join(_plain(a.value) for a in p.asks)}" if p.asks else "",
        f"sources: {', '.join(p.cite.source)} ({p.cite.words}); file: {p.review.status}",
    ]
    rows = [
        (_plain(d.key), _plain(d.give.value), d.amount or "", f"over {d.over}" if d.over else "", d.rate or "",
         "; ".join(t for t in (d.only, d.note) if t), d.cite.words)
        for d in p.doses
    ]  # fmt: skip
    text = f"## {p.title}\n\n`{p.key}`\n\n" + "\n".join(f"- {f}" for f in facts if f)
    head = ["part", "given as", "amount", "time", "rate", "for whom, note", "how sure"]
    return text + ("\n\n" + _table(head, rows) if rows else "")


def policy_items(numbers: Reference) -> str:
    """What the clinic sets, because no published number was found or because sources leave it to the clinic."""
    opening = (
        "No item has a value until the medical director sets it; until then the rules that need it answer *unknown*. "
        "Candidates are what sources offer, never defaults. Bounds guard against a slipped digit and are no advice."
    )
    return _page("What a clinic sets", opening, *(_item(i) for i in numbers.policy_items))


def _item(item: PolicyItem) -> str:
    if item.choices:
        bounds = f"one of: {', '.join(item.choices)}"
    else:
        low, high = (f"{b:g}" if b is not None else "open" for b in (item.low, item.high))
        bounds = f"{low} to {high} {item.unit}"
    text = f"## {item.title}\n\n`{item.key}` · {bounds}\n\n{item.why}"
    rows = [(c.text, ", ".join(c.cite.source), c.cite.words) for c in item.candidates]
    return text + ("\n\n" + _table(["candidate", "source", "how sure"], rows) if rows else "")


def sources(numbers: Reference) -> str:
    """Every citation, and how much of it was read."""
    rows = [
        (f"`{s.key}`", s.cite, _plain(s.kind.value), s.doi or s.pmid or s.pmcid or " ".join(s.url))
        for s in numbers.sources.values()
    ]
    return _page(
        "Sources", "What the numbers rest on, and how much of each was read. "
        "A fact whose only sources were not read is never called confirmed.",
        _table(["key", "citation", "read", "where"], rows),
    )  # fmt: skip
