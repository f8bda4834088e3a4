"""``confkeep doctor``: why saving breaks in the mounts of containers, and what to change, without any daemon."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Final

from confkeep.cli import state
from confkeep.cli.output import plain, print_json, visible
from confkeep.errors import AlreadyExists, BadParameter, ConfkeepError

if TYPE_CHECKING:
    from confkeep.layout.diagnosis import Diagnosis, Report
    from confkeep.layout.model import Scope
    from confkeep.layout.survey import Survey

HELP = "say why saving breaks in the mounts of containers, and what to change; needs no daemon"
_FAIL_ON: Final = ("error", "warning", "never")
_EPILOG: Final = """\
exit codes:
  0  nothing found at or over --fail-on
  1  findings
  2  wrong usage
  3  nothing could be looked at; the report says why
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--explain", metavar="RULE", type=_rule, help="print the page of a rule, and look at nothing")
    what.add_argument("--compose", metavar="FILE", help="check a compose file, before anything runs")
    what.add_argument("--capture", metavar="DIR", help="store the evidence for a bug report, without secrets")
    what.add_argument("--replay", metavar="DIR", help="look at such evidence, and not at this machine")
    parser.add_argument("--container", metavar="NAME", default="", help="only this container (--compose: service)")
    parser.add_argument(
        "--path", metavar="PATH", action="append", default=[], help="a file that is to be saved (repeatable)"
    )
    parser.add_argument(
        "--ignore", metavar="RULE", action="append", default=[], type=_rule, help="leave a rule out (repeatable)"
    )
    parser.add_argument(
        "--fail-on", choices=_FAIL_ON, default=_FAIL_ON[0], help="what counts for the exit code (default: %(default)s)"
    )
    parser.add_argument("--format", choices=("table", "json", "sarif"), default="table")
    state.add_state(parser, f"confkeep's own state directory (default: {state.DEFAULT}, where that is)")


def run(options: argparse.Namespace) -> int:
    """0: nothing at or over the threshold, 1: findings, 3: nothing could be looked at."""
    options.json = options.json or options.format == "json"  # errors, too, which main() prints
    if options.explain:
        return _explain(options)
    if options.capture:
        return _capture(options)
    report = _of_file(options) if options.compose else _of_containers(options)
    return _print(report, options)


def _explain(options: argparse.Namespace) -> int:
    from confkeep.layout.explain import pages

    page = pages()[options.explain]
    if options.json:
        print_json({"rule": page.rule, "name": page.name, "severity": page.severity.value, "text": page.text})
    else:
        print(page.text, end="")
    return 0


def _capture(options: argparse.Namespace) -> int:
    from confkeep.layout.capture import capture
    from confkeep.layout.diagnosis import Report
    from confkeep.layout.report import document, exit_code

    survey = survey_of(None, _scope(options))
    try:
        files = capture(survey, options.capture)
    except AlreadyExists as error:
        raise BadParameter(error.detail, remedy=error.remedy) from error
    except OSError as error:
        reason = f"{error.filename or options.capture}: {error.strerror}"
        raise BadParameter(reason, remedy="name a new directory where you may write") from error
    report = Report(sources=dict(survey.sources))
    if options.json:
        print_json({"captured": options.capture, "files": files, "sources": document(report)["sources"]})
    else:
        print(plain(f"{options.capture}: {len(files)} files about {len(survey.containers)} containers and processes"))
        for source, said in survey.sources.items():
            print(plain(f"  {source.value:<7} {said}"))
    return exit_code(report, ())


def _of_file(options: argparse.Namespace) -> Report:
    from confkeep.layout.compose import check_compose, places
    from confkeep.layout.diagnosis import Report, Source

    try:
        report = check_compose(options.compose)
        services = places(options.compose)
    except ConfkeepError as error:
        return Report(sources={Source.COMPOSE: f"{error.detail}; {error.remedy}"})
    except ModuleNotFoundError:
        return Report(sources={Source.COMPOSE: "PyYAML is not installed; pip install 'confkeep[service]'"})
    ignored = set(options.ignore)
    if options.container and options.container not in services:
        raise BadParameter(
            f"there is no service {options.container!r} in {options.compose}",
            remedy=f"those that are there: {', '.join(sorted(services)) or 'none'}",
        )
    return Report(
        tuple(found for found in report.findings if found.rule not in ignored and _is_asked_for(found, options)),
        tuple(skipped for skipped in report.skipped if skipped.rule not in ignored),
        report.sources,
    )


def _is_asked_for(found: Diagnosis, options: argparse.Namespace) -> bool:
    if options.container not in {"", found.container}:
        return False
    below = found.path.rstrip("/") + "/"
    return not options.path or any(path == found.path or path.startswith(below) for path in options.path)


def _of_containers(options: argparse.Namespace) -> Report:
    from confkeep.layout.doctor import diagnose
    from confkeep.layout.located import located

    scope = _scope(options)
    survey = survey_of(options.replay, scope)
    if options.container and (unseen := _unseen(survey, options.container)) is not None:
        return unseen
    return located(diagnose(survey, scope, options.ignore), survey)


def survey_of(capture: str | None, scope: Scope) -> Survey:
    """What a capture holds, or else what can be seen from here now. Raises BadParameter where it is no capture."""
    if capture:
        from confkeep.layout.replay import replay

        return replay(capture)
    from confkeep.layout.look import look

    return look(scope)


def _unseen(survey: Survey, name: str) -> Report | None:
    """None where the container is there; without a source that shows any, a report that says so.

    Raises BadParameter where others can be seen.
    """
    from confkeep.layout.diagnosis import Report, Source
    from confkeep.layout.model import OK
    from confkeep.layout.survey import is_called

    if any(is_called(container, name) for container in survey.containers):
        return None
    others = {source: survey.sources.get(source, "not looked at") for source in (Source.PROC, Source.API)}
    if OK not in others.values():
        return Report(sources=others)
    seen = ", ".join(sorted(container.name for container in survey.containers if container.name))
    unnamed = "" if others[Source.API] == OK else f"; only an engine knows names, and {others[Source.API]}"
    raise BadParameter(f"there is no container {name!r}", remedy=f"those that can be seen: {seen or 'none'}{unnamed}")


def _scope(options: argparse.Namespace) -> Scope:
    from confkeep.layout.model import Scope

    named: str | None = options.state
    if named and not os.path.isdir(named):
        raise BadParameter(f"{named} is no directory", remedy="name confkeep's state directory with --state")
    own = named or (state.DEFAULT if os.path.isdir(state.DEFAULT) else "")
    return Scope(options.container, frozenset(options.path), own)


def _print(report: Report, options: argparse.Namespace) -> int:
    from confkeep.layout import report as reports
    from confkeep.layout.diagnosis import Severity

    if options.format == "sarif":
        from confkeep.layout.sarif import sarif

        print_json(sarif(report))
    elif options.json:
        print_json(reports.document(report))
    else:
        from confkeep.layout.table import lines

        for line in lines(report):
            print(visible(line))
    counting = {"never": (), "error": (Severity.ERROR,), "warning": (Severity.ERROR, Severity.WARNING)}
    return reports.exit_code(report, counting[options.fail_on])


def _rule(text: str) -> str:
    from confkeep.layout.explain import pages

    for page in pages().values():
        if text.upper() == page.rule or text == page.name:
            return page.rule
    raise argparse.ArgumentTypeError(f"there is no rule {text!r}; they are {', '.join(pages())}")
