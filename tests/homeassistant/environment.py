"""An environment with the Home Assistant of requirements/homeassistant.txt, installed by pip from wheels."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.support.needs import missing, need

TOP: Final = Path(__file__).parents[2]
LOCK: Final = TOP / "requirements" / "homeassistant.txt"
#: What its wheels are built for. The system's own first: other users may not be able to reach another.
_PYTHONS: Final = ("/usr/bin/python3", sys.executable, "python3.12", "python3.11")
#: Seconds for the download of 75 MB.
_PATIENCE: Final = 900
_FITS: Final = "import sys, venv; sys.exit(sys.version_info[:2] not in {(3, 11), (3, 12)})"


def environment(cache: Path) -> Path:
    """The python of the environment, which is made below ``cache`` unless it is there already.

    Skips the test (see ``need``) where there is no Python for it, or it cannot be downloaded.
    """
    python = _python()
    recipe = hashlib.sha256(LOCK.read_bytes() + _version(python).encode()).hexdigest()[:12]
    directory = cache / recipe
    with (cache / f"{recipe}.lock").open("w") as lock:  # another run may be making the same one
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (directory / "complete").exists():
            _install(python, directory)
            (directory / "complete").touch()
    return directory / "bin" / "python"


def _python() -> str:
    for name in _PYTHONS:
        path = shutil.which(name)
        if path is not None and subprocess.run([path, "-c", _FITS], capture_output=True, check=False).returncode == 0:
            return path
    return missing("no Python 3.11 or 3.12, which this Home Assistant needs")


def _version(python: str) -> str:
    return subprocess.run([python, "-VV"], capture_output=True, text=True, check=True).stdout


def _install(python: str, directory: Path) -> None:
    """Without pip of its own, and without byte code: only what is imported is compiled, when it is."""
    subprocess.run([python, "-m", "venv", "--clear", "--without-pip", directory], check=True, capture_output=True)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", f"--python={directory}/bin/python")
    exactly = ("--no-deps", "--require-hashes", "--only-binary=:all:", f"--requirement={LOCK}")
    command = (*pip, "install", "--quiet", "--no-compile", *exactly)
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE)
    need(done.returncode == 0, f"Home Assistant cannot be installed: {done.stderr.strip()}")
