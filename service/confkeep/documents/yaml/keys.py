"""When two keys of a mapping are the same: as their reader reads them, not as they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from confkeep.documents.dialect import Dialect
from confkeep.documents.yaml.scalars import read

if TYPE_CHECKING:
    from collections.abc import Hashable

    from confkeep.documents.yaml.scalars import Version

_READ_AS_WRITTEN: Final = "tag:yaml.org,2002:str"


def identity(event: Any, version: Version) -> tuple[Version, str, Hashable] | None:  # noqa: ANN401 - a ScalarEvent
    """What a scalar key is to a reader of ``version``; None for a merge key, which may stand more than once."""
    if event.tag is not None and event.tag != _READ_AS_WRITTEN:
        return version, event.tag, event.value
    if event.style or event.tag is not None:
        return version, "str", event.value
    kind, itself = read(event.value, version)
    return None if kind == "merge" else (version, "str" if kind == "value" else kind, itself)


def severity(dialect: Dialect) -> Literal["error", "warning"]:
    """Home Assistant says so in its log and goes on with the last one; ESPHome and Compose refuse the file."""
    return "warning" if dialect is Dialect.HOME_ASSISTANT else "error"
