"""The commands by name, and what happens when one goes wrong: a sentence and a status, never a traceback."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Any

import typer
from typer.core import TyperGroup

from perintis.words.errors import PerintisError

COMMANDS = (
    "demo", "check", "agreement", "run", "status", "case", "inbox", "answer", "take", "withdraw", "cancel", "retry",
    "resolve", "disclosures", "rehearse", "baseline", "plan", "satisfaction", "compare", "evaluate", "harm", "decide",
    "history", "runs", "export", "registry", "subject", "retention", "new", "db", "doctor",
)  # fmt: skip
"""In the order of the help. `perintis.faces.cli.<name>_command` holds each, as `app` (a group) or `command`."""

ERROR, INTERRUPTED, UNEXPECTED = 1, 130, 70
STOPPED = "interrupted; what was recorded stays recorded, and the same command goes on from there"
PLAIN: dict[str, Any] = {"rich_markup_mode": None, "add_completion": False, "pretty_exceptions_enable": False}


class LazyGroup(TyperGroup):
    """Imports a command when it is called (or when help lists it), so that each starts with only what it needs."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = dict.fromkeys(COMMANDS)  # type: ignore[assignment]  # names for the list and for suggestions

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, or None."""
        return _load(cmd_name) if cmd_name in COMMANDS else None


def _load(name: str) -> Any:
    module = importlib.import_module(f"perintis.faces.cli.{name}_command")
    app = getattr(module, "app", None)
    if app is None:
        app = typer.Typer(**PLAIN)
        app.command(name)(module.command)
    loaded = typer.main.get_command(app)
    loaded.name = name
    return loaded


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"perintis {version('perintis')}")
        raise typer.Exit


app = typer.Typer(
    cls=LazyGroup, no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]}, **PLAIN
)


@app.callback()
def perintis(
    version: bool = typer.Option(False, "--version", help="Print the version.", callback=_version, is_eager=True),
) -> None:
    """Runs, records and judges pilot projects between public agencies.

    Begin with `perintis demo`. Every command has its own --help.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its status.

    0: done. 1: something that the person can put right, said in one sentence. 2: the command was not written as it
    should be. 70: a fault of the program, noted in a file. 130: interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal that lacks a letter gets a question mark, not a fault
            stream.reconfigure(errors="replace")
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns its status."""
    try:
        typer.main.get_command(app).main(list(arguments), prog_name="perintis")
    except SystemExit as left:
        if left.code == INTERRUPTED:
            typer.echo(STOPPED, err=True)
        return left.code if isinstance(left.code, int) else ERROR if left.code else 0
    except PerintisError as error:
        typer.echo(f"error: {error}", err=True)
        return ERROR
    except KeyboardInterrupt:
        typer.echo(STOPPED, err=True)
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  # the last line of defence: whatever it is, no traceback on the screen
        from perintis.faces.cli.faults import note_fault, what_to_put_right

        if sentence := what_to_put_right(error):
            typer.echo(f"error: {sentence}", err=True)
            return ERROR
        typer.echo(f"error: {note_fault(error, arguments)}", err=True)
        return UNEXPECTED
    return 0
