"""A base image without an image registry: Debian packages and pip, unpacked.

It looks like the official `python:…-slim` as far as docker/Dockerfile can tell.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.engine.cli import LABEL, docker, exists, run
from tests.engine.release import apt_of

# What the image is for; apt names what these need. libstdc++6 is for wheels that bring C++.
_WANTED = ("python3", "dash", "coreutils", "sed", "grep", "libstdc++6")
# Needed by their maintainer scripts only, which never run here; perl alone would double the image.
_SCRIPTS_ONLY = (
    "debianutils",
    "dpkg",
    "install-info",
    "libgdbm",
    "libperl",
    "mailcap",
    "mime-support",
    "perl",
)
_UNUSED = ("./usr/share/doc", "./usr/share/man", "./usr/share/locale", "./usr/share/info", "__pycache__")
_USERS = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/false\n"
_GROUPS = "root:x:0:\nnogroup:x:65534:\n"


def base_image(release: str = "") -> str:
    """The name of a small image with `python3` and pip. Made once for each set of package versions.

    `release` names one of Debian, such as "trixie"; "" is the machine's own. Raises CalledProcessError or
    FileNotFoundError where there is no apt or it cannot reach its archive.
    """
    with apt_of(release) as environment:
        packages = _packages(environment)
        pip = importlib.metadata.version("pip")
        versions = _run("apt-get", "download", "--print-uris", *packages, environment=environment)
        recipe = hashlib.sha256(Path(__file__).read_bytes() + versions + pip.encode())
        name = f"confkeep-test-base:{recipe.hexdigest()[:12]}"
        if not exists(name):
            with tempfile.TemporaryDirectory(prefix="confkeep-base-") as scratch:
                _import(_tree(Path(scratch), packages, environment), name)
    return name


def _run(*command: str, where: str | None = None, environment: Mapping[str, str] | None = None) -> bytes:
    return subprocess.run(command, cwd=where, env=environment, check=True, capture_output=True).stdout


def _packages(environment: Mapping[str, str]) -> list[str]:
    no = (f"--no-{kind}" for kind in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"))
    closure = _run("apt-cache", "depends", "--recurse", *no, *_WANTED, environment=environment).decode()
    names = {line for line in closure.splitlines() if line[:1] not in {" ", "|", "<"}}
    return sorted({name for name in names if not name.startswith(_SCRIPTS_ONLY)} | {"base-files"})


def _tree(scratch: Path, packages: list[str], environment: Mapping[str, str]) -> Path:
    root = scratch / "root"
    root.mkdir()
    _run("apt-get", "download", "-qq", *packages, where=str(scratch), environment=environment)
    # base-files first: on newer Debians it holds the links from /bin and /lib that the others need.
    for archive in sorted(scratch.glob("*.deb"), key=lambda deb: not deb.name.startswith("base-files_")):
        _run("dpkg-deb", "--extract", str(archive), str(root))
    for directory in ("etc", "tmp", "run", "proc", "sys", "dev"):
        (root / directory).mkdir(exist_ok=True)
    (root / "etc/passwd").write_text(_USERS)
    (root / "etc/group").write_text(_GROUPS)
    _add_pip(root / "usr/lib/python3/dist-packages")
    return root


def _add_pip(packages: Path) -> None:
    spec = importlib.util.find_spec("pip")
    assert spec is not None
    assert spec.origin is not None
    shutil.copytree(os.path.dirname(spec.origin), packages / "pip", dirs_exist_ok=True)


def _import(root: Path, name: str) -> None:
    unused = (f"--exclude={path}" for path in _UNUSED)
    tar = _run("tar", "-C", str(root), "--owner=0", "--group=0", "--numeric-owner", *unused, "-c", ".")
    settings = (
        "ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8",
        f"LABEL {LABEL}=base",
        'CMD ["python3"]',
    )
    docker("import", *(part for line in settings for part in ("--change", line)), "-", name, stdin=tar)


def python_version(image: str) -> str:
    """The version of the `python3` inside, such as 3.11: wheels are chosen for it."""
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    done = run("docker", "run", "--rm", "--network", "none", image, "python3", "-c", program)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().strip()
