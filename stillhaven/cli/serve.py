"""`stillhaven serve`: run a clinic from one folder until it is told to stop."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from stillhaven.service import folder as folders


@click.command()
@click.option("--data", metavar="DIR", help="The clinic's folder; made when it does not exist. [env: STILLHAVEN_DATA]")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="0.0.0.0 serves the tablets of the clinic, over TLS."
)
@click.option("--cert", type=click.Path(path_type=Path), help="A certificate of your own (PEM, with its chain).")
@click.option("--key", type=click.Path(path_type=Path), help="Its key (PEM, PKCS#8).")
@click.option("--gateway-listen", metavar="HOST:PORT", default="", help="Also take monitors' messages here (MLLP).")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 16), help="Web processes.")
@click.option(
    "--real-clinic", is_flag=True, help="Say once that real patients are treated here: the clock is then real."
)
def command(
    data: str | None,
    port: int,
    host: str,
    cert: Path | None,
    key: Path | None,
    gateway_listen: str,
    workers: int,
    real_clinic: bool,
) -> None:
    """Run a clinic: database, pages, alarms and queues, all state in one folder.

    Stop it with Ctrl-C or TERM. A part that crashes is started again; `stillhaven doctor` says how things are.
    """
    from stillhaven.service.serve import serve

    code = serve(
        folders.default_path(data),
        host=host,
        port=port,
        certificate=cert,
        key=key,
        gateway_listen=gateway_listen,
        workers=workers,
        real_clinic=real_clinic,
        tell=lambda line: click.echo(line),
    )
    sys.exit(code)
