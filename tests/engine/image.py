"""The confkeep image, built offline through the project's own Dockerfile."""

import gzip
import hashlib
import io
import subprocess
import sys
import tarfile
from pathlib import Path

from tests.engine.base import python_version
from tests.engine.cli import LABEL, docker, exists

TOP = Path(__file__).parents[2]
_LOCKS = ("requirements/build.txt", "requirements/service.txt")
_SENT = (".dockerignore", "LICENSE", "README.md", "pyproject.toml", "requirements", "docker", "service")
_FORGOTTEN_AFTER = "24h"


def keeper_image(base: str, cache: Path) -> str:
    """Build the image on `base`, or find the one that was built from the very same files."""
    context = _context(_wheels(python_version(base), cache))
    name = f"confkeep-test:{hashlib.sha256(base.encode() + context).hexdigest()[:12]}"
    if not exists(name):
        docker(
            "build",
            "--network=none",
            "--build-arg=PIP_NO_INDEX=1",
            f"--build-arg=BASE_IMAGE={base}",
            f"--label={LABEL}=image",
            f"--tag={name}",
            "--file=docker/Dockerfile",
            "-",
            stdin=gzip.compress(context, compresslevel=1),
        )
        # Images of earlier states of the tree; not those of a run beside this one.
        ours = (f"label={LABEL}=image", f"until={_FORGOTTEN_AFTER}")
        docker("image", "prune", "--all", "--force", *(f"--filter={what}" for what in ours))
    return name


def _wheels(python: str, cache: Path) -> Path:
    """A directory with exactly the wheels of the lock files, downloaded once for each state of them."""
    locks = b"".join((TOP / lock).read_bytes() for lock in _LOCKS)
    directory = cache / f"{python}-{hashlib.sha256(locks).hexdigest()[:12]}"
    complete = directory / "complete"
    if not complete.exists():
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check")
        exactly = ("--require-hashes", "--only-binary=:all:", f"--python-version={python}")
        files = (f"--requirement={TOP / lock}" for lock in _LOCKS)
        subprocess.run((*pip, *exactly, f"--dest={directory}", *files), check=True)
        complete.touch()
    return directory


def _context(wheels: Path) -> bytes:
    """The build context as a tar archive; the same files make the same bytes."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(path for name in _SENT for path in (TOP / name, *(TOP / name).rglob("*"))):
            if path.is_file() and path.suffix not in {".pyc", ".whl"} and ".egg-info" not in str(path):
                tar.add(path, str(path.relative_to(TOP)), filter=_reproducible)
        for wheel in sorted(wheels.glob("*.whl")):
            tar.add(wheel, f"docker/wheels/{wheel.name}", filter=_reproducible)
    return archive.getvalue()


def _reproducible(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    return member
