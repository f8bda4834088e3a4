"""Make the zip that is unpacked in Home Assistant's configuration directory: the shim, and the integration.

Needs the standard library only. The same files make the same bytes, whoever builds them, wherever and whenever.
"""

from __future__ import annotations

import stat
import sys
import tomllib
import zipfile
from pathlib import Path, PurePosixPath
from typing import Final

from .closure import closure

_HERE: Final = Path(__file__).parent
_SOURCE: Final = _HERE.parent
_TOP: Final = _SOURCE.parent
#: The first moment that a zip knows (APPNOTE.TXT 4.4.6).
_TIME: Final = (1980, 1, 1, 0, 0, 0)


def contents() -> dict[str, bytes]:
    """Every file of the zip, by its name there."""
    project = tomllib.loads((_TOP / "pyproject.toml").read_text("utf-8"))
    readme = (_HERE / "README.txt").read_text("utf-8").replace("VERSION", project["project"]["version"])
    return {
        **_library(project["tool"]["setuptools"]["package-data"]["confkeep"]),
        **_integration(),
        "confkeep/LICENSE": (_TOP / "LICENSE").read_bytes(),
        "confkeep/README.txt": readme.encode(),
        **{
            f"confkeep/atomicwrites/{name}": (_HERE / "shim" / name).read_bytes()
            for name in ("__init__.py", "start.py")
        },
        "confkeep/atomicwrites/drop_in.py": (_SOURCE / "atomicwrites" / "__init__.py").read_bytes(),
    }


def _library(data: list[str]) -> dict[str, bytes]:
    """All of `import confkeep`, as far as the drop-in and docs/library.md need it: no daemon, client or command."""
    library = (f"confkeep.library.{path.stem}" for path in (_SOURCE / "confkeep" / "library").glob("*.py"))
    modules = closure(_SOURCE, ("atomicwrites", "confkeep.aio", "confkeep.history.upkeep", *library))
    del modules["atomicwrites"]
    directories = {path.parent for path in modules.values()}
    files = [path for pattern in data for path in (_SOURCE / "confkeep").glob(pattern)]
    files = [path for path in files if {path.parent, path.parent.parent} & directories]
    return {f"confkeep/{path.relative_to(_SOURCE)}": path.read_bytes() for path in (*modules.values(), *files)}


def _integration() -> dict[str, bytes]:
    """It does nothing until configuration.yaml says `confkeep:`."""
    files = (path for path in (_HERE / "custom_components").rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {str(path.relative_to(_HERE)): path.read_bytes() for path in files}


def build(destination: Path) -> None:
    """Write the zip. Uncompressed: what a compressor makes of the same bytes differs between its versions."""
    files = contents()
    directories = {f"{parent}/" for name in files for parent in PurePosixPath(name).parents if parent.name}
    destination.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(destination, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files.keys() | directories):
            archive.writestr(_member(name), files.get(name, b""))


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, _TIME)
    member.create_system = 3  # Unix: the mode counts
    mode = stat.S_IFDIR | 0o755 if name.endswith("/") else stat.S_IFREG | 0o644
    member.external_attr = mode << 16
    return member


if __name__ == "__main__":
    build(Path(sys.argv[1]))
    sys.stdout.write(f"{sys.argv[1]}: unpack it in Home Assistant's configuration directory\n")
