import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.command import Command, failure
from tests.cli.terminal import typing
from tests.daemon.looking import Folder, etag, untouched
from tests.support.needs import need

OLD = b"a: 1\nb: 1\n"
QUESTION = "? "


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    """Where the private copies are made."""
    made = tmp_path / "copies"
    made.mkdir()
    return made


#: ``edit("sed -i s/1/2/")``: a command line that has this editor.
Edit = Callable[[str], Command]


@pytest.fixture
def edit(confkeep: Command, copies: Path) -> Edit:
    """The command line of somebody with an editor of their own, and a short one."""

    def made(editor: str) -> Command:
        return Command({**confkeep.environment, "VISUAL": editor, "TMPDIR": str(copies)})

    return made


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], str]:
    """An editor that does these lines; ``$1`` is the file, ``confkeep`` the command line."""

    def made(lines: str) -> str:
        path = tmp_path / "editor"
        confkeep = f'confkeep() {{ {shlex.quote(sys.executable)} -m confkeep "$@" >/dev/null; }}'
        path.write_text(f"#!/bin/sh\nset -e\n{confkeep}\n{lines}\n", "utf-8")
        path.chmod(0o755)
        return str(path)

    return made


def the_copy(copies: Path) -> Path:
    """The only one that was kept."""
    (found,) = (path for path in copies.rglob("*") if path.is_file())
    return found


def test_what_the_editor_leaves_is_saved(edit: Edit, folder: Folder, copies: Path) -> None:
    """As put does it, over what was read; the private copy is gone."""
    address = folder.file("a.yaml", OLD)
    done = edit("sed -i s/1/2/")("edit", address, "--message", "by hand")
    assert (done.code, done.errors) == (0, "")
    assert folder.read("a.yaml") == b"a: 2\nb: 2\n"
    assert etag(b"a: 2\nb: 2\n") in done.text
    assert edit("true")("history", address, "--json").json[0]["message"] == "by hand"
    assert list(copies.iterdir()) == []


def test_nothing_changed(edit: Edit, folder: Folder, copies: Path) -> None:
    """Then nothing is saved, and both forms of the output say so."""
    address = folder.file("a.yaml", OLD)
    with untouched(folder.daemon, folder.path):
        done = edit("touch")("edit", address)
        assert (done.code, done.text) == (0, f"{address}: unchanged\n")
        assert edit("true")("edit", address, "--json").json["changed"] is False
    assert list(copies.iterdir()) == []


def test_private_copy_has_the_name_of_the_file(
    edit: Edit, script: Callable[[str], str], folder: Folder, tmp_path: Path
) -> None:
    """Editors know a format by its suffix; nobody else may look into the copy or its directory."""
    editor = script(f'stat -c "%a %n" "$(dirname "$1")" "$1" > {tmp_path}/seen')
    (folder.path / "sub").mkdir()
    assert edit(editor)("edit", folder.file("sub/-a b.yaml", OLD)).code == 0
    directory, file = (tmp_path / "seen").read_text("utf-8").splitlines()
    assert directory.startswith("700 ")
    assert file.startswith("600 ")
    assert file.endswith("/-a b.yaml")


def test_bytes_are_kept(edit: Edit, folder: Folder) -> None:
    """What the editor does not touch is saved as it was: CRLF, no UTF-8, no end of line."""
    address = folder.file("a.txt", b"\xef\xbb\xbf1\r\n\xff\0x")
    assert edit("sed -i 1s/1/2/")("edit", address).code == 0
    assert folder.read("a.txt") == b"\xef\xbb\xbf2\r\n\xff\0x"


def test_new_file(edit: Edit, folder: Folder) -> None:
    """One that is not there yet is made; an editor that leaves nothing makes none."""
    assert edit("true")("edit", folder.at("none.yaml")).code == 0
    assert folder.names() == set()
    assert edit("sh -c 'echo a: 1 > \"$1\"' sh")("edit", folder.at("new.yaml"), "--json").json["created"] is True
    assert folder.read("new.yaml") == b"a: 1\n"


def test_refused_before_anybody_types(edit: Edit, folder: Folder, tmp_path: Path) -> None:
    """What cannot be saved is not edited: exit code, reason and remedy are those of the save."""
    (folder.path / "directory").mkdir()
    run = edit(f"touch {tmp_path}/seen")
    failure(run("edit", folder.at("none/a.yaml"), "--json"), 6, "not-found")
    failure(run("edit", folder.at("directory"), "--json"), 7, "not-a-regular-file")
    assert not (tmp_path / "seen").exists()


@pytest.mark.parametrize(("editor", "said"), [("false", "exit code 1"), ("no-such-editor", "no editor")])
def test_editor_that_fails(editor: str, said: str, edit: Edit, folder: Folder, copies: Path) -> None:
    """Nothing is saved; without a changed copy there is nothing to keep."""
    address = folder.file("a.yaml", OLD)
    with untouched(folder.daemon, folder.path):
        done = edit(editor)("edit", address)
    assert done.code == 1
    assert said in done.errors
    assert list(copies.iterdir()) == []


def test_editor_that_fails_after_it_has_written(
    edit: Edit, script: Callable[[str], str], folder: Folder, copies: Path
) -> None:
    """Nothing is saved (`:cq` in vim means it); what was typed is kept all the same."""
    address = folder.file("a.yaml", OLD)
    with untouched(folder.daemon, folder.path):
        done = edit(script('sed -i s/1/2/ "$1"; exit 3'))("edit", address)
    assert done.code == 1
    assert str(the_copy(copies)) in done.errors
    assert the_copy(copies).read_bytes() == b"a: 2\nb: 2\n"


def test_editor_that_removes_the_file(edit: Edit, folder: Folder, copies: Path) -> None:
    """Nothing is saved; whatever it left beside it is not removed, and nothing that is gone is said to be kept."""
    address = folder.file("a.yaml", OLD)
    with untouched(folder.daemon, folder.path):
        for editor in ("rm", 'rm -r "$(dirname "$1")"; true'):
            assert "copy" not in failure(edit(editor)("edit", address, "--json"), 1, "io-error")
            assert list(copies.iterdir()) == []
        members = failure(edit('sh -c \'mv "$0" "$0.old"\'')("edit", address, "--json"), 1, "io-error")
    assert Path(members["copy"]) == the_copy(copies).parent


def test_which_editor(confkeep: Command, folder: Folder) -> None:
    """VISUAL counts more than EDITOR."""
    address = folder.file("a.yaml", OLD)
    both = {"VISUAL": "sed -i s/1/2/", "EDITOR": "sed -i s/1/3/"}
    assert Command({**confkeep.environment, **both})("edit", address).code == 0
    assert folder.read("a.yaml") == b"a: 2\nb: 2\n"
    assert Command({**confkeep.environment, **both, "VISUAL": ""})("edit", folder.file("b.yaml", OLD)).code == 0
    assert folder.read("b.yaml") == b"a: 3\nb: 3\n"


def test_no_daemon_any_more(edit: Edit, folder: Folder, copies: Path) -> None:
    """Nobody there to save it: exit code 3, and the text is kept."""
    done = edit("true")("edit", folder.file("a.yaml"), "--host", "unix:///nowhere", "--json")
    failure(done, 3, "no-daemon")
    assert list(copies.iterdir()) == []


def test_invalid_and_nobody_to_ask(edit: Edit, folder: Folder, copies: Path) -> None:
    """Exit code 5, the line, and where the text is."""
    address = folder.file("a.yaml", OLD)
    with untouched(folder.daemon, folder.path):
        done = edit("sed -i '2s/1/]/'")("edit", address)
    assert (done.code, done.out) == (5, b"")
    assert "line 2, column 4" in done.errors
    assert f"your text is kept in {the_copy(copies)}" in done.errors
    assert the_copy(copies).read_bytes() == b"a: 1\nb: ]\n"


@pytest.fixture
def meanwhile(script: Callable[[str], str], folder: Folder) -> str:
    """An editor during which somebody else saves; it changes the first line, they the last."""
    folder.file("a.yaml", b"a: 1\nx: 0\ny: 0\nz: 0\nb: 1\n")
    return script(
        f'printf "a: 1\\nx: 0\\ny: 0\\nz: 0\\nb: 2\\n" | confkeep put {folder.at("a.yaml")} --force\n'
        'sed -i "s/a: 1/a: 2/" "$1"'
    )


def test_conflict_and_nobody_to_ask(meanwhile: str, edit: Edit, folder: Folder, copies: Path) -> None:
    """Exit code 4, what the others changed, and where the text is; theirs stays."""
    done = edit(meanwhile)("edit", folder.at("a.yaml"))
    assert (done.code, done.out) == (4, b"")
    assert "-b: 1\n+b: 2\n" in done.errors
    assert f"your text is kept in {the_copy(copies)}" in done.errors
    assert the_copy(copies).read_bytes().startswith(b"a: 2\n")
    assert folder.read("a.yaml").endswith(b"b: 2\n")


def test_correct_it(edit: Edit, folder: Folder, copies: Path) -> None:
    """At a terminal: the mistake is shown, and the editor comes again with the same text."""
    address = folder.file("a.yaml", OLD)
    with typing(edit("sed -i -e '2s/]/3/' -e '2s/1/]/'"), "edit", address) as terminal:
        terminal.answer(QUESTION, "what")
        terminal.answer(QUESTION, "e")
        assert terminal.end() == 0
    assert "error: line 2, column 4: " in terminal.text
    assert "[e]dit again, [s]ave anyway, [a]bandon? " in terminal.text
    assert folder.read("a.yaml") == b"a: 1\nb: 3\n"
    assert list(copies.iterdir()) == []


def test_save_it_anyway(edit: Edit, folder: Folder) -> None:
    """Whoever knows better than the check."""
    with typing(edit("sed -i '2s/1/]/'"), "edit", folder.file("a.yaml", OLD)) as terminal:
        terminal.answer(QUESTION, "s")
        assert terminal.end() == 0
    assert folder.read("a.yaml") == b"a: 1\nb: ]\n"


@pytest.mark.parametrize("how", ["an answer", "no answer"])
def test_abandon(how: str, edit: Edit, folder: Folder, copies: Path) -> None:
    """Nothing is saved, and the text is kept; so it is when the terminal has no more to say."""
    address = folder.file("a.yaml", OLD)
    with untouched(folder.daemon, folder.path), typing(edit("sed -i '2s/1/]/'"), "edit", address) as terminal:
        if how == "an answer":
            terminal.answer(QUESTION, "a")
        else:
            terminal.hang_up(QUESTION)
        assert terminal.end() == 5
    assert str(the_copy(copies)) in terminal.text


def test_merge(meanwhile: str, edit: Edit, folder: Folder, copies: Path) -> None:
    """Both edits win where they are of different things."""
    with typing(edit(meanwhile), "edit", folder.at("a.yaml")) as terminal:
        terminal.answer(QUESTION, "m")
        assert terminal.end() == 0
    assert "[m]erge, [e]dit again, [o]verwrite, [a]bandon? " in terminal.text
    assert folder.read("a.yaml") == b"a: 2\nx: 0\ny: 0\nz: 0\nb: 2\n"
    assert list(copies.iterdir()) == []


def test_overwrite(meanwhile: str, edit: Edit, folder: Folder) -> None:
    """What was shown is overwritten, and is in the history."""
    with typing(edit(meanwhile), "edit", folder.at("a.yaml")) as terminal:
        terminal.answer(QUESTION, "o")
        assert terminal.end() == 0
    assert folder.read("a.yaml") == b"a: 2\nx: 0\ny: 0\nz: 0\nb: 1\n"
    theirs = edit("true")("history", folder.at("a.yaml"), "--json").json[1]
    assert theirs["etag"] == etag(b"a: 1\nx: 0\ny: 0\nz: 0\nb: 2\n")


def test_conflict_again(script: Callable[[str], str], edit: Edit, folder: Folder) -> None:
    """Who edits again after a conflict is asked again: the file is still not what was begun with."""
    address = folder.file("a.yaml", OLD)
    editor = script(f'echo "a: $(date +%N)" | confkeep put {address} --force; echo mine: 1 >> "$1"')
    with typing(edit(editor), "edit", address) as terminal:
        terminal.answer(QUESTION, "e")
        terminal.answer(QUESTION, "o")
        assert terminal.end() == 0
    assert folder.read("a.yaml") == OLD + b"mine: 1\nmine: 1\n"


@pytest.fixture
def clash(script: Callable[[str], str], folder: Folder) -> str:
    """An editor that changes what somebody else changes at that time, and then takes the marked lines away."""
    address = folder.file("a.yaml", b"a: 1\n")
    return script(
        'if grep -q "<<<<<<<" "$1"; then test ! -e "$0.stop" || exit 0; echo "a: 4" > "$1"\n'
        f'else echo "a: 3" | confkeep put {address} --force; echo "a: 2" > "$1"; fi'
    )


def test_merge_with_conflicts(clash: str, edit: Edit, folder: Folder) -> None:
    """The editor comes again with both sides, marked; what it leaves is saved."""
    with typing(edit(clash), "edit", folder.at("a.yaml")) as terminal:
        terminal.answer(QUESTION, "m")
        assert terminal.end() == 0
    assert folder.read("a.yaml") == b"a: 4\n"


def test_marks_that_stay(clash: str, edit: Edit, folder: Folder, copies: Path) -> None:
    """Who leaves the marks in it is asked before it is saved, whatever the check says of the text."""
    Path(f"{clash}.stop").touch()
    with typing(edit(clash), "edit", folder.at("a.yaml"), "--validate", "off") as terminal:
        terminal.answer(QUESTION, "m")
        terminal.answer("[s]ave anyway", "a")
        assert terminal.end() == 5
    assert folder.read("a.yaml") == b"a: 3\n"
    assert b"<<<<<<< " in the_copy(copies).read_bytes()


def test_removed_meanwhile(script: Callable[[str], str], edit: Edit, folder: Folder) -> None:
    """The file is gone: that is what is shown, and overwriting makes it again."""
    address = folder.file("a.yaml", OLD)
    editor = script(f'rm {folder.path}/a.yaml; sed -i s/1/2/ "$1"')
    with typing(edit(editor), "edit", address) as terminal:
        terminal.answer(QUESTION, "o")
        assert terminal.end() == 0
    assert "-a: 1\n" in terminal.text
    assert folder.read("a.yaml") == b"a: 2\nb: 2\n"


def test_interrupt_is_the_editors(script: Callable[[str], str], edit: Edit, folder: Folder) -> None:
    """Ctrl-C in an editor is its own affair; confkeep waits for what it leaves."""
    address = folder.file("a.yaml", OLD)
    editor = script('trap "sed -i s/1/2/ \\"$1\\"; exit 0" INT; echo ready; while :; do sleep 0.05; done')
    with typing(edit(editor), "edit", address) as terminal:
        terminal.until("ready")
        terminal.interrupt()
        assert terminal.end() == 0, terminal.text
    assert folder.read("a.yaml") == b"a: 2\nb: 2\n"


def test_vim(edit: Edit, folder: Folder, copies: Path) -> None:
    """An editor that moves the old file away, with its swap file beside the copy."""
    need(shutil.which("vim"), "no vim")
    done = edit("vim -es -u NONE -c 'set backupcopy=no' -c '%s/1/2/' -c wq")("edit", folder.file("a.yaml", OLD))
    assert (done.code, done.errors) == (0, "")
    assert folder.read("a.yaml") == b"a: 2\nb: 2\n"
    assert list(copies.iterdir()) == []
