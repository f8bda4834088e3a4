"""Which modules some modules need: what they import, at once or when first called, and so on from there."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def closure(source: Path, roots: Iterable[str]) -> dict[str, Path]:
    """Each module below ``source`` that the modules ``roots`` need, themselves too, and its file.

    Modules from elsewhere (the standard library) are not followed, nor what only type checkers import.
    """
    found: dict[str, Path] = {}
    todo = list(roots)
    while todo:
        name = todo.pop()
        path = module_file(source, name)
        if path is None or name in found:
            continue
        found[name] = path
        todo += [name.rpartition(".")[0], *_imports(ast.parse(path.read_bytes()))]
    return found


def module_file(source: Path, name: str) -> Path | None:
    """The file of the module ``name``, if it is below ``source``."""
    path = source.joinpath(*name.split("."))
    for file in (path / "__init__.py", path.with_suffix(".py")):
        if file.is_file():
            return file
    return None


def _imports(node: ast.AST) -> Iterator[str]:
    """Relative imports are none of ours."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    skipped = node.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" else []
    for child in ast.iter_child_nodes(node):
        if child not in skipped:
            yield from _imports(child)
