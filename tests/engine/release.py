"""Another release of Debian, as apt knows it: the machine's own lists, settings and packages stay as they are."""

import os
import subprocess
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

#: debian-archive-keyring installs it. apt takes a release that is signed by one of these keys, and no other.
_KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
# apt.conf(5): what APT_CONFIG names is read first, then the machine's own parts (a proxy, say).
_SETTINGS = """\
Dir::State "{directory}";
Dir::State::status "{directory}/status";
Dir::Cache "{directory}";
Dir::Etc::sourcelist "{directory}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Acquire::Languages "none";
APT::Sandbox::User "root";
"""


@contextmanager
def apt_of(release: str) -> Generator[Mapping[str, str]]:
    """The environment in which apt knows this release alone, from the machine's own mirror; "": the machine's own.

    Raises CalledProcessError or FileNotFoundError where there is no apt, or the mirror does not answer or has it not.
    """
    if not release:
        yield os.environ
        return
    with tempfile.TemporaryDirectory(prefix="confkeep-apt-") as name:
        directory = Path(name)
        for made in ("lists/partial", "archives/partial"):
            (directory / made).mkdir(parents=True)
        (directory / "status").touch()  # nothing is installed
        (directory / "sources.list").write_text(f"deb [signed-by={_KEYS}] {_mirror()} {release} main\n")
        (directory / "apt.conf").write_text(_SETTINGS.format(directory=directory))
        environment = {**os.environ, "APT_CONFIG": str(directory / "apt.conf")}
        # Without Error-Mode apt-get update is content with what it got.
        update = ("apt-get", "update", "-qq", "-o", "APT::Update::Error-Mode=any")
        subprocess.run(update, env=environment, check=True, capture_output=True)
        yield environment


def _mirror() -> str:
    """Where the machine itself gets Debian from."""
    command = ("apt-get", "indextargets", "--format=$(REPO_URI)", "Label: Debian", "Identifier: Packages")
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    if not found:
        raise FileNotFoundError("apt knows no archive of Debian here (apt-get update?)")
    return found[0]
