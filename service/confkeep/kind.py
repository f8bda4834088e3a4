"""What kind of document a file is: its format, the dialect of its reader, whether it is a secret."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, NamedTuple

from confkeep.documents.dialect import Dialect, dialect_of
from confkeep.documents.format import Format, format_of
from confkeep.files import target
from confkeep.files.place import resolve
from confkeep.files.root import AUTO, relative_to
from confkeep.files.target import look

if TYPE_CHECKING:
    from confkeep.files.root import Root

#: Home Assistant writes its version there at each start (homeassistant/config.py, process_ha_config_upgrade).
_HOME_ASSISTANT: Final = ".HA_VERSION"
#: ESPHome's add-on keeps its devices in this directory of Home Assistant's configuration.
_ESPHOME: Final = "esphome/"


class Kind(NamedTuple):
    """``format`` is None where neither the settings nor the name say one: such a document is not looked at."""

    format: Format | None
    dialect: Dialect


def kind_of(root: Root, path: str) -> Kind:
    """The kind of the file at ``path``, which is not a link, below ``root``."""
    if not root.formats and not (root.dialect == AUTO and _is_home_assistant(root)):
        return kind_at(root, path)  # the name decides: where it is below the root takes longer to say
    return kind_at(root, relative_to(root, path) or path)


def kind_at(root: Root, relative: str) -> Kind:
    """The same of a path below ``root``, whether or not something is there.

    ``root.formats`` and ``root.dialect`` count first, then the name; then whether the root is Home Assistant's.
    """
    return Kind(_format(root, relative), _dialect(root, relative))


def is_secret(root: Root, relative: str) -> bool:
    """Whether the file is among the secrets: by the name that is asked for, its own, or that of a link beside it.

    Raises as Keeper.read, but where nothing is there.
    """
    with resolve(root, relative) as place, look(place, root.route) as found:
        return root.is_secret(relative) or target.is_secret(root, found)


def _format(root: Root, relative: str) -> Format | None:
    said = root.format_of(relative)
    return format_of(relative) if said is None else Format(said)


def _dialect(root: Root, relative: str) -> Dialect:
    if root.dialect != AUTO:
        return Dialect(root.dialect)
    announced = dialect_of(relative)
    if announced is not Dialect.GENERIC or not _is_home_assistant(root):
        return announced
    return Dialect.ESPHOME if relative.startswith(_ESPHOME) else Dialect.HOME_ASSISTANT


def _is_home_assistant(root: Root) -> bool:
    return os.path.lexists(os.path.join(root.path, _HOME_ASSISTANT))
