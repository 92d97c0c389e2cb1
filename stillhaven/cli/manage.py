"""`stillhaven manage`: Django's own management commands, on a clinic's folder."""

from __future__ import annotations

import contextlib
import os

import click

from stillhaven.science.errors import BadInput


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "allow_interspersed_args": False},
    add_help_option=False,
)
@click.option("--data", metavar="DIR", help="The clinic's folder. [env: STILLHAVEN_DATA]")
@click.pass_context
def command(context: click.Context, data: str | None) -> None:
    """Django's management commands (`stillhaven manage --data DIR migrate`).

    The clinic's database is used as it runs; when it is stopped, it is started for this one command.
    """
    words = list(context.args)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stillhaven.clinic.web.settings")
    with contextlib.ExitStack() as stack:
        if data or not (os.environ.get("STILLHAVEN_PG") or os.environ.get("DATABASE_URL")):
            _reach(stack, data, words)
        from django.core.management import execute_from_command_line

        execute_from_command_line(["stillhaven manage", *words])


def _reach(stack: contextlib.ExitStack, data: str | None, words: list[str]) -> None:
    from stillhaven.service import database, folder

    try:
        place = folder.open_folder(folder.default_path(data))
    except BadInput:
        if set(words) & {"help", "--help", "--version", "makemigrations"} or not words:
            return  # these need no clinic
        raise
    os.environ["STILLHAVEN_DATA"] = str(place.path)
    found = stack.enter_context(database.at(place, purpose=f"manage {' '.join(words[:1])}"))
    os.environ.update(found.env)
