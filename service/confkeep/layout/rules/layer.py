"""What lies in a container's own layer, as MNT011 and MNT026 look at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from confkeep.layout import mounttable, names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.model import Container
    from confkeep.layout.survey import Survey

#: Half a second for each container (docs/architecture.md): only of one that was named.
NOT_READ: Final = "the container's own layer is read only where a container or a path is named"


def by_compose(container: Container) -> bool:
    """Whether compose made this container: it copies inline configs into the layer before the start."""
    return "com.docker.compose.service" in container.labels


def files(survey: Survey, container: Container) -> Iterator[str]:
    """Configuration files that were added to or changed in the layer."""
    for path in container.layer or ():
        if names.of_a_file(path) and is_in(survey, container, path):
            yield path


def is_in(survey: Survey, container: Container, path: str) -> bool:
    """Whether nothing is mounted where ``path`` is."""
    held = any(mounttable.contains(holding.path, path) for holding in survey.of(container))
    return not held and not mounttable.engines_own(path)
