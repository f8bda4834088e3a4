"""``confkeep validate``: say what is wrong with documents, without any daemon."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from confkeep.cli import kind
from confkeep.cli.checked import Checked, check_file
from confkeep.cli.output import plain, print_error, print_json
from confkeep.errors import InvalidDocument

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from confkeep.documents.diagnostic import Diagnostic

HELP = "say what is wrong with YAML, JSON, TOML, INI and .env files; needs no daemon"
_COUNTED: Final = ("error", "warning")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="files to check; - is standard input")
    parser.add_argument("--name", default="", metavar="NAME", help="what standard input is called, such as a.yaml")
    kind.add_kind(parser)
    parser.add_argument("--strict", action="store_true", help="warnings count for the exit code, too")
    parser.add_argument("--format", choices=("table", "json", "sarif"), default="table", help="of what is printed")


def run(options: argparse.Namespace) -> int:
    """0: all are valid, 5: one is not; where a file could not be checked, the code of that error."""
    checked = [check_file(options, name) for name in options.files]
    counting = _COUNTED if options.strict else _COUNTED[:1]
    if options.format == "sarif":
        from confkeep.cli.sarif import sarif

        print_json(sarif(checked))
    elif options.json or options.format == "json":
        print_json({"valid": all(_is_valid(one, counting) for one in checked), "files": list(map(_members, checked))})
    else:
        _print(checked)
    unchecked = next((one.error for one in checked if one.error), None)
    if unchecked:
        return unchecked.exit_code
    return 0 if all(_is_valid(one, counting) for one in checked) else InvalidDocument.exit_code


def _is_valid(one: Checked, counting: tuple[str, ...]) -> bool:
    return one.error is None and not any(one.count(severity) for severity in counting)


def _members(one: Checked) -> dict[str, Any]:
    error = one.error and {"slug": one.error.slug, "detail": one.error.detail, "remedy": one.error.remedy}
    return {
        "file": one.name,
        "format": one.format_,
        "dialect": one.dialect,
        "valid": None if one.error else not one.count("error"),
        "diagnostics": list(map(asdict, one.diagnostics)),
        "error": error,
    }


def _print(checked: list[Checked]) -> None:
    """As compilers do, so that editors find the place; what could not be checked is an error of the command."""
    for one in checked:
        if one.error:
            print_error(one.error, as_json=False)
        for found in one.diagnostics:
            print(plain(_line(one.name, found)))
    print(", ".join(_summary(checked)))


def _line(name: str, found: Diagnostic) -> str:
    start = found.range.start
    return f"{name}:{start.line + 1}:{start.character + 1}: {found.severity}: {found.message} [{found.code}]"


def _summary(checked: list[Checked]) -> Iterator[str]:
    done = sum(one.error is None for one in checked)
    yield f"{_several(done, 'file')} checked"
    for severity in _COUNTED:
        yield _several(sum(one.count(severity) for one in checked), severity)
    others = sum(found.severity not in _COUNTED for one in checked for found in one.diagnostics)
    if others:
        yield _several(others, "hint")
    if done < len(checked):
        yield f"{_several(len(checked) - done, 'file')} not checked"


def _several(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
