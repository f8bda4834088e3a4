"""The doctor: all rules, what was asked about, and what could not be looked at."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from confkeep.layout.diagnosis import Severity, Source
from confkeep.layout.doctor import diagnose
from confkeep.layout.model import OK, Container, Scope
from confkeep.layout.report import COULD_NOT_LOOK, exit_code
from confkeep.layout.rules import RULES
from confkeep.layout.survey import Survey
from tests.layout.building import bind, container, line, stat, survey, table

if TYPE_CHECKING:
    from confkeep.layout.rules.rule import Rule

CONFIG, FILE = line("/srv/config", "/config", "ro"), line("/srv/a.yaml", "/a.yaml")


def test_ids_and_names_are_the_only_ones() -> None:
    """They are stable for ever; each rule is a file named after its id."""
    ids = [rule.id for rule in RULES]
    assert ids == [f"MNT{number:03}" for number in range(1, 28)] + [f"STA{number:03}" for number in range(1, 5)]
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)+|tmpfs", rule.name) for rule in RULES)
    folder = Path(__file__).parents[2] / "service" / "confkeep" / "layout" / "rules"
    assert {file.stem for file in folder.glob("[ms][nt][ta]*.py")} - {"staleness"} == {one.lower() for one in ids}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_without_any_source_every_rule_says_why(rule: Rule) -> None:
    """Never nothing, never "all is well"."""
    blind = Survey((), {source: f"{source} is not there" for source in Source})
    report = diagnose(blind)
    assert report.findings == ()
    assert exit_code(report, ()) == COULD_NOT_LOOK
    [skipped] = [one for one in report.skipped if one.rule == rule.id]
    assert "is not there" in skipped.reason


def test_what_one_container_lacks_is_said_of_that_one() -> None:
    """The others are judged."""
    hidden = container(name="hidden", declared=(), missing={Source.PROC: "closed"})
    report = diagnose(survey(hidden, container(FILE, name="app", declared=(bind("/srv/a.yaml", "/a.yaml"),))))
    assert ("MNT005", "proc: closed", "hidden") in [(one.rule, one.reason, one.what) for one in report.skipped]
    assert [one.container for one in report.findings if one.rule == "MNT001"] == ["app"]


def test_what_all_lack_is_said_once() -> None:
    """Not for each of a hundred containers."""
    hidden = [container(name=name, declared=(), missing={Source.PROC: "closed"}) for name in ("a", "b", "c")]
    report = diagnose(survey(*hidden))
    assert [one.what for one in report.skipped if one.rule == "MNT005"] == [""]


def test_the_worst_comes_first() -> None:
    """Whoever reads one line reads the worst."""
    stale = container(CONFIG, line("/srv/b//deleted", "/b.yaml"), name="b")
    severities = [one.severity for one in diagnose(survey(container(CONFIG, FILE, name="a"), stale)).findings]
    assert severities == sorted(severities, key=list(Severity).index)
    assert set(severities) == set(Severity)


def test_a_container_that_was_named_alone_is_told_of() -> None:
    """By its name, or the beginning of its id."""
    one, two = container(FILE, name="one"), container(FILE, name="two")
    for name in ("two", two.id, two.id[:12]):
        assert {found.container for found in diagnose(survey(one, two), Scope(container=name)).findings} == {"two"}
    assert diagnose(survey(one, two), Scope(container="tw")).findings == ()


def test_a_path_that_was_named_alone_is_told_of() -> None:
    """As the container calls it, or as the host does."""
    app = container(CONFIG, FILE)
    for path in ("/config/x.yaml", "/srv/config/x.yaml"):
        found = diagnose(survey(app), Scope(paths=frozenset({path}))).findings
        assert ("MNT009", Severity.ERROR) in [(one.rule, one.severity) for one in found]
        assert "MNT001" not in [one.rule for one in found]


def test_ignored_rules_say_nothing() -> None:
    """By id or by name; neither a finding nor that they were skipped."""
    for ignore in ({"MNT001", "MNT014"}, {"single-file-bind", "volume-shadows-image"}):
        report = diagnose(survey(container(FILE)), ignore=ignore)
        said = {one.rule for one in report.findings} | {one.rule for one in report.skipped}
        assert not {"MNT001", "MNT014"} & said


def test_our_own_view_is_judged_as_far_as_we_see() -> None:
    """In a container, with nothing but our own mountinfo."""
    own = container(FILE, name="", inside={"/a.yaml": stat()}, missing={Source.API: "no engine"})
    sources = dict.fromkeys(Source, "no") | {Source.SELF: OK}
    report = diagnose(Survey((own,), sources))
    assert [(one.rule, one.container) for one in report.findings] == [("MNT001", "")]
    assert exit_code(report, ()) != COULD_NOT_LOOK


def test_processes_without_a_container_are_not_judged() -> None:
    """Systemd's services mount for themselves."""
    service = Container(name="pid 7", pid=7, table=table(line("/srv/a.yaml//deleted", "/a.yaml")))
    report = diagnose(survey(service))
    assert report.findings == ()
    assert "pid 7" not in {one.what for one in report.skipped}


def test_what_concerns_ourselves_alone_is_said_once() -> None:
    """Not of every container."""
    report = diagnose(survey(container(FILE)))
    assert [one.what for one in report.skipped if one.rule == "STA001"] == [""]


def test_a_path_of_the_host_is_unknown_where_nobody_sees_the_host() -> None:
    """What the container calls it is known all the same."""
    tmpfs = container(line("/", "/cache", "ro", "tmpfs", "0:70"))
    for path, severities in (("/cache/a", ["error"]), ("/srv/a", [])):
        found = diagnose(survey(tmpfs, host=()), Scope(paths=frozenset({path})))
        assert [one.severity for one in found.findings if one.rule == "MNT009"] == severities
