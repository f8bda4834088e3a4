import re
from collections.abc import Callable
from pathlib import Path

import pytest

from confkeep.daemon.loading import load
from confkeep.daemon.settings import SECRETS, LogFormat, LogLevel, Settings, WhoSettings
from confkeep.documents.dialect import Dialect
from confkeep.errors import SettingsError
from confkeep.files.root import Journal, OnBusy, Root, RoutePolicy
from confkeep.history.retention import Policy

Write = Callable[[str], str]

ROOT = "[roots.ha]\npath = '/config'\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a settings file; its path."""

    def written(text: str) -> str:
        path = tmp_path / "confkeep.toml"
        path.write_text(text, "utf-8")
        return str(path)

    return written


def test_file_says_everything(write: Write) -> None:
    """Each key of the file counts."""
    settings = load(
        write(
            "socket = '/s'\nstate = '/st'\nmax_body = 17\n"
            "[roots.ha]\npath = '/config'\nroute = 'overwrite'\non_busy = 'refuse'\njournal = 'best-effort'\n"
        )
    )
    assert (settings.socket, settings.state, settings.max_body) == ("/s", "/st", 17)
    assert settings.as_roots() == {
        "ha": Root("ha", "/config", RoutePolicy.OVERWRITE, OnBusy.REFUSE, Journal.BEST_EFFORT, secrets=SECRETS)
    }


def test_defaults(write: Write) -> None:
    """What is not said is as documented."""
    settings = load(write(ROOT))
    assert settings == Settings(roots=settings.roots)
    assert (settings.socket, settings.state) == ("/run/confkeep/confkeep.sock", "/var/lib/confkeep")
    assert settings.as_roots() == {
        "ha": Root("ha", "/config", RoutePolicy.AUTO, OnBusy.WRITE, Journal.REQUIRE, secrets=SECRETS)
    }


def test_flags_alone() -> None:
    """No file is needed; a path may hold the equals sign."""
    settings = load(roots=["ha=/config", "odd=/a=b"], state="/st", socket="/s")
    assert (settings.socket, settings.state) == ("/s", "/st")
    assert {name: root.path for name, root in settings.as_roots().items()} == {"ha": "/config", "odd": "/a=b"}


def test_flags_over_file(write: Write) -> None:
    """A flag replaces what the file says, and leaves the rest of that root."""
    text = "socket = '/s'\nstate = '/st'\n" + ROOT + "route = 'overwrite'\n[roots.other]\npath = '/o'\n"
    settings = load(write(text), roots=["ha=/elsewhere"], socket="/flag")
    assert (settings.socket, settings.state) == ("/flag", "/st")
    assert settings.as_roots()["ha"] == Root("ha", "/elsewhere", RoutePolicy.OVERWRITE, secrets=SECRETS)
    assert settings.as_roots()["other"].path == "/o"


def test_relative_root_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path counts from the working directory."""
    monkeypatch.chdir(tmp_path)
    assert load(roots=["ha=conf/"]).as_roots()["ha"].path == f"{tmp_path}/conf"


def test_what_is_kept_of_the_history(write: Write) -> None:
    """By the path of each root; 0 is all, and what is not said has a limit."""
    text = "[roots.a]\npath = '/a/'\nkeep_revisions = 5\nkeep_days = 0\nkeep_bytes = 7\n[roots.b]\npath = '/b'\n"
    assert load(write(text)).policies() == {"/a": Policy(5, 0, 7), "/b": Policy(1_000, 365, 64 << 20)}


WRONG = {
    "socket is a number": ("socket = 3\n" + ROOT, "socket"),
    "state is a list": ("state = []\n" + ROOT, "state"),
    "max_body is text": ("max_body = 'big'\n" + ROOT, "max_body"),
    "max_body is a truth": ("max_body = true\n" + ROOT, "max_body"),
    "max_body is zero": ("max_body = 0\n" + ROOT, "max_body"),
    "max_body is negative": ("max_body = -1\n" + ROOT, "max_body"),
    "unknown key": ("colour = 'red'\n" + ROOT, "colour"),
    "unknown key of a root": (ROOT + "rout = 'auto'\n", "rout"),
    "unknown route": (ROOT + "route = 'sideways'\n", "route"),
    "unknown on_busy": (ROOT + "on_busy = 'wait'\n", "on_busy"),
    "unknown journal": (ROOT + "journal = 'maybe'\n", "journal"),
    "keep_revisions is text": (ROOT + "keep_revisions = 'all'\n", "keep_revisions"),
    "keep_days is negative": (ROOT + "keep_days = -1\n", "keep_days"),
    "keep_bytes is negative": (ROOT + "keep_bytes = -1\n", "keep_bytes"),
    "root without a path": ("[roots.ha]\nroute = 'auto'\n", "path"),
    "path is a number": ("[roots.ha]\npath = 7\n", "path"),
    "path is empty": ("[roots.ha]\npath = ''\n", "path"),
    "name with a space": ("[roots.'a b']\npath = '/config'\n", "a b"),
    "name with a slash": ("[roots.'a/b']\npath = '/config'\n", "a/b"),
    "name is dots": ("[roots.'..']\npath = '/config'\n", ".."),
    "empty name": ("[roots.'']\npath = '/config'\n", "''"),
    "long name": (f"[roots.{'n' * 65}]\npath = '/config'\n", "n" * 65),
    "roots is no table": ("roots = 3\n", "roots"),
    "root is no table": ("[roots]\nha = '/config'\n", "roots"),
    "no roots": ("max_body = 3\n", "roots"),
    "not TOML": ("max_body = = 3\n", "line 1"),
    "key twice": ("state = '/a'\nstate = '/b'\n" + ROOT, "line 2"),
}


@pytest.mark.parametrize(("text", "key"), WRONG.values(), ids=WRONG.keys())
def test_wrong_file_names_file_and_key(text: str, key: str, write: Write) -> None:
    """Whatever is wrong: the message names the file and the key (or the line), and there is a remedy."""
    path = write(text)
    with pytest.raises(SettingsError) as caught:
        load(path)
    assert path in caught.value.detail
    assert re.search(rf"(?<!\w){re.escape(key)}(?!\w)", caught.value.detail), caught.value.detail
    assert caught.value.remedy


@pytest.mark.parametrize("text", [ROOT + "[roots.x]\npath = '/x'\nroute = 'sideways'\n", "[roots]\nx = '/config'\n"])
def test_wrong_root_is_named(text: str, write: Write) -> None:
    """Where there are several roots, the message says which of them is wrong."""
    with pytest.raises(SettingsError) as caught:
        load(write(text))
    assert re.search(r"\bx\b", caught.value.detail), caught.value.detail


@pytest.mark.parametrize("text", ["roots = 3\n", "roots = []\n", "[roots]\nha = '/config'\n"])
def test_flag_over_a_wrong_file(text: str, write: Write) -> None:
    """A root flag over a file whose roots are no tables is a settings error like any other."""
    path = write(text)
    with pytest.raises(SettingsError) as caught:
        load(path, roots=["ha=/config"])
    assert path in caught.value.detail


@pytest.mark.parametrize("flag", ["", "ha", "ha=", "=/config", "/config"])
def test_wrong_root_flag(flag: str) -> None:
    """A --root that is not NAME=PATH is shown as it was given."""
    with pytest.raises(SettingsError, match=re.escape(repr(flag))):
        load(roots=[flag])


@pytest.mark.parametrize("name", ["a b", "a/b", "..", ".hidden", "-x", "ü", "n" * 65])
def test_wrong_root_name_in_a_flag(name: str) -> None:
    """A name that a URL would not carry plainly is refused."""
    with pytest.raises(SettingsError, match="cannot name a root"):
        load(roots=[f"{name}=/config"])


def test_nothing_at_all() -> None:
    """Without any root there is nothing to serve."""
    with pytest.raises(SettingsError, match="no roots"):
        load()


def test_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file, a directory and a file that is not UTF-8 are each named."""
    (tmp_path / "latin").write_bytes(b"# \xfc\n")
    for name, reason in (("missing", "No such file"), (".", "directory"), ("latin", "not TOML")):
        path = str(tmp_path / name)
        with pytest.raises(SettingsError, match=reason) as caught:
            load(path)
        assert path in caught.value.detail


@pytest.mark.parametrize("root", ["", "state"])
def test_state_inside_a_root(root: str, tmp_path: Path) -> None:
    """Whoever may edit the root could edit the history."""
    with pytest.raises(SettingsError, match="inside it"):
        load(roots=[f"ha={tmp_path / root}"], state=str(tmp_path / "state"))


def test_access_log_limits_and_secrets(write: Write) -> None:
    """Everything that is said beside the roots counts."""
    text = (
        "max_headers = 7\nmax_header_bytes = 8\nmax_changes = 9\nsecrets = ['*.token', 'private/*']\n"
        "[access]\ngroup = 2000\n[access.readers]\nuids = [1, 2]\n[access.editors]\ngids = [3]\n"
        "[access.admins]\nuids = [4]\n"
        "[log]\nformat = 'json'\nlevel = 'warning'\n"
    )
    settings = load(write(text + ROOT))
    assert (settings.max_headers, settings.max_header_bytes, settings.max_changes) == (7, 8, 9)
    assert settings.as_roots()["ha"].secrets == ("*.token", "private/*")
    access = settings.access
    assert (access.group, access.readers, access.editors) == (2000, WhoSettings((1, 2)), WhoSettings((), (3,)))
    assert (access.admins, settings.log.format, settings.log.level) == (
        WhoSettings((4,)), LogFormat.JSON, LogLevel.WARNING,
    )  # fmt: skip


def test_what_documents_are(write: Write) -> None:
    """Every dialect can be named; the globs of formats stay in their order."""
    for dialect in Dialect:
        assert load(write(f"{ROOT}dialect = '{dialect}'\n")).as_roots()["ha"].dialect == dialect
    root = load(write(ROOT + "formats = {'b*' = 'ini', '*' = 'text'}\n")).as_roots()["ha"]
    assert root.formats == (("b*", "ini"), ("*", "text"))


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("state = '/st'\nmax_body = 'x'\n" + ROOT, 2, "max_body"),
        ("state = '/st'\n\n# why\nmax_body = 0\n" + ROOT, 4, "max_body"),
        (ROOT + "colour = 'red'\n", 3, "roots.ha.colour"),
        (ROOT + "route = 'sideways'\n", 3, "roots.ha.route"),
        (ROOT + "lease_wait = 21\n", 3, "roots.ha"),
        (ROOT + "dialect = 'klingon'\n", 3, "roots.ha.dialect"),
        (ROOT + "formats = {'*.conf' = 'word'}\n", 3, "roots.ha.formats"),
        (ROOT + "formats = {'' = 'ini'}\n", 3, "roots.ha"),
        (ROOT + "[access.readers]\nuids = ['me']\n", 4, "access.readers.uids"),
        (ROOT + "[log]\nlevel = 'loud'\n", 4, "log.level"),
        ("[roots.'ha']\nroute = 'auto'\n", 1, "roots.ha.path"),
        (ROOT + "[roots.b]\npath = '/b'\nkeep_days = -1\n", 5, "roots.b"),
        (ROOT + "[roots.b\n", 3, "line 3"),
    ],
)
def test_an_error_names_the_line(write: Write, text: str, line: int, key: str) -> None:
    """File, line and key, so that it is found at once."""
    path = write(text)
    with pytest.raises(SettingsError) as caught:
        load(path)
    assert caught.value.detail.startswith((f"{path}:{line}: ", f"{path} is not TOML"))
    assert key in caught.value.detail
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("state = '{0}/state'\n", "state directory"),
        ("state = '/st'\nsocket = '{0}/run/s'\n", "socket"),
        ("state = '/st'\n", "settings file"),
    ],
)
def test_nothing_of_our_own_can_be_edited(write: Write, tmp_path: Path, text: str, what: str) -> None:
    """Who could save the settings could name himself an admin; who could save the history could change it."""
    path = write(text.format(tmp_path) + f"[roots.ha]\npath = '{tmp_path}'\n")
    with pytest.raises(SettingsError, match=f"the {what} .* is inside it"):
        load(path)


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, '[roots.ha]\npath = "/a\\u0000"\n', "\udcff"])
def test_whatever_the_file_holds_is_named(tmp_path: Path, text: str) -> None:
    """Deep nesting, a NUL, bytes that are no UTF-8: an error like the others, also on a reload."""
    path = tmp_path / "confkeep.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(SettingsError, match=re.escape(str(path))):
        load(str(path))
