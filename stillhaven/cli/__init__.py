"""The one command.  Each subcommand is imported when it is called, so that `simulate` needs no Django."""

from __future__ import annotations

import importlib
import importlib.util
import sys

import click

from stillhaven import __version__
from stillhaven.science.errors import BadInput, Refused

# name -> (module of stillhaven.cli, what it does).  The module holds a click command named `command`.
COMMANDS = {
    "serve": ("serve", "Run a clinic: database, pages, alarms and queues, all state in one folder."),
    "demo": ("demo", "Run a clinic with synthetic people and simulated monitors."),
    "manage": ("manage", "Django's own management commands, on a clinic's folder."),
    "verify": ("verify", "Check the whole record: nothing changed, inserted, deleted or cut off."),
    "backup": ("backup", "Write a clinic's whole state to one checked file."),
    "restore": ("restore", "Bring a clinic back from a backup file."),
    "doctor": ("doctor", "Say what is wrong with this installation, and what to do."),
    "gateway": ("gateway", "Take HL7 v2 messages from bedside monitors and bring them to the server."),
    "replay": ("replay", "Play a recorded CSV or HL7 file to a gateway, as a monitor would."),
    "drill": ("drill", "Practise on a simulated monitor, and see how fast the team was."),
    "simulate-monitor": ("simulate_monitor", "A virtual patient on a virtual monitor."),
    "simulate": ("simulate", "Predicted concentration of a regimen, with its band."),
    "pk": ("pk", "Pharmacokinetic models: list and compare them."),
    "check": ("check", "Check reference files."),
    "score": ("score", "Score a file of rating-scale sheets."),
    "outcomes": ("outcomes", "Outcomes of the clinic's courses: files for the registry and for teaching."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported only when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, (module, _) in COMMANDS.items() if _exists(module)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS or not _exists(COMMANDS[cmd_name][0]):
            return None
        module = importlib.import_module(f"stillhaven.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, COMMANDS[name][1]) for name in self.list_commands(ctx)]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


def _exists(module: str) -> bool:
    return importlib.util.find_spec(f"stillhaven.cli.{module}") is not None


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="stillhaven")
def cli() -> None:
    """Stillhaven: what a ketamine-therapy clinic runs on."""


def main() -> None:
    """Run the command; bad input and refusals end with code 2 and a sentence, never with a traceback."""
    try:
        cli()
    except (BadInput, Refused) as error:
        click.echo(f"stillhaven: {error}", err=True)
        sys.exit(2)
