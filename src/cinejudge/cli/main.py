"""Puts the commands together and turns errors into one line and an exit code.

0 all judged, 1 some clips failed or a command could not do its work, 2 wrong usage or configuration,
3 ``--fail-under`` not met, 130 interrupted (what is done is kept).
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cinejudge import __version__
from cinejudge.cli import diff, doctor, rescore, shots, show, suites, tools, view, weights
from cinejudge.cli import run as run_command
from cinejudge.cli.interrupt import INTERRUPTED, heed_terminate, leave
from cinejudge.schema.errors import CinejudgeError, ConfigError

app = typer.Typer(
    name="cinejudge",
    help="Judges finished videos, shows why, and gives verdicts that can be traced to frames and seconds.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"cinejudge {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Judges finished videos, shows why, and gives verdicts that can be traced to frames and seconds."""


app.command("run")(run_command.run)
app.command("shots")(shots.shots)
app.add_typer(tools.app, name="tools")
app.add_typer(suites.app, name="suites")
app.add_typer(weights.app, name="weights")
app.command("show")(show.show)
app.command("view")(view.view)
app.command("rescore")(rescore.rescore)
app.command("diff")(diff.diff)
app.command("doctor")(doctor.doctor)


def run() -> None:
    """Entry point."""
    heed_terminate()
    try:
        app()
    except SystemExit as end:
        if end.code == INTERRUPTED:  # the command line's own library has caught the interrupt, silently
            leave()
        raise
    except ConfigError as error:
        sys.exit(_complain(error, 2))
    except CinejudgeError as error:
        sys.exit(_complain(error, 1))
    except KeyboardInterrupt:
        leave()
    except BrokenPipeError:  # the reader of stdout has gone, as with `| head`
        sys.stderr.close()
        sys.exit(1)


def _complain(error: CinejudgeError, code: int) -> int:
    typer.echo(f"cinejudge: {error}", err=True)
    return code
