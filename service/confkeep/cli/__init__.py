"""The command line: one file a command."""

from __future__ import annotations

import argparse
import io
import os
import sys
from typing import TYPE_CHECKING, Final

from confkeep import __version__
from confkeep.cli import (
    diff,
    doctor,
    edit,
    get,
    history,
    inspect,
    ls,
    merge,
    mounts,
    put,
    recover,
    restore,
    serve,
    set_,
    stat,
    sweep,
    unset,
    validate,
    watch,
)
from confkeep.cli.output import print_error
from confkeep.errors import ConfkeepError, IoError

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPILOG: Final = """\
exit codes:
  0  done
  1  failed: the disk, the operating system, or confkeep itself
  2  wrong usage, settings, path or parameter
  3  the daemon cannot be reached
  4  conflict: the file is not what you expected; nothing was written
  5  the document is not valid; nothing was written
  6  no such file, root or revision
  7  refused: the target cannot be written (or is busy); nothing was written
"""
_COMMANDS: Final = (
    serve, get, put, edit, set_, unset, stat, ls, history, diff, merge, restore, watch, recover, validate, inspect,
    sweep, doctor, mounts,
)  # fmt: skip


def parser(wanted: str | None = None) -> argparse.ArgumentParser:
    """The command line; where a command is ``wanted``, the arguments of that one alone: to describe all takes 3 ms."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print one JSON document, errors included")
    main_parser = argparse.ArgumentParser(
        prog="confkeep",
        description="Saves configuration files so that they are never torn, never lost and never overwritten unseen.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    main_parser.add_argument("--version", action="version", version=f"confkeep {__version__}")
    commands = main_parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in _COMMANDS:
        name = command.__name__.rpartition(".")[2].rstrip("_")  # set is a name of Python's own
        command_parser = commands.add_parser(
            name, parents=[common], help=command.HELP, description=f"{command.HELP[0].upper()}{command.HELP[1:]}."
        )
        if wanted in {None, name}:
            command.arguments(command_parser)
        command_parser.set_defaults(run=command.run)
    return main_parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    options = parser(given[0] if given else None).parse_args(given)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name that is no UTF-8 is shown as well as can be
    try:
        code: int = options.run(options)
        sys.stdout.flush()
    except ConfkeepError as error:
        print_error(error, as_json=options.json)
        return error.exit_code
    except BrokenPipeError:
        _mute()  # whoever read our output has had enough of it
        return 0
    except OSError as error:
        _mute()
        print_error(IoError(f"writing the output: {error.strerror}"), as_json=False)
        return IoError.exit_code
    except KeyboardInterrupt:
        return 130
    return code


def _mute() -> None:
    """The interpreter shall not try to flush what nobody takes once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
