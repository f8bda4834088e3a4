"""One automation, script or scene in the data of its file: a list of mappings with an id, or a mapping by key."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from .yaml_text import Tagged

Data: TypeAlias = list[Any] | dict[Any, Any]

_ID: Final = "id"


def entry_of(data: object, key: str) -> Any | None:
    """The entry, None where there is none."""
    if isinstance(data, dict):
        return data.get(key)
    if isinstance(data, list):
        return next((item for item in data if isinstance(item, dict) and item.get(_ID) == key), None)
    return None


def with_entry(data: Data, key: str, entry: Any | None) -> Data:
    """A copy in which the entry is this one, at the same place; without it where it is None."""
    if isinstance(data, dict):
        others = {name: value for name, value in data.items() if entry is not None or name != key}
        return others if entry is None else others | {key: entry}
    made: list[Any] = []
    found = False
    for item in data:
        if isinstance(item, dict) and item.get(_ID) == key:
            found = True
            if entry is not None:
                made.append(entry)
        else:
            made.append(item)
    return made if found or entry is None else [*made, entry]


def name_of(entry: object, key: str) -> str:
    """What a person calls it."""
    if isinstance(entry, dict):
        for member in ("alias", "name"):
            if isinstance(entry.get(member), str) and entry[member]:
                return f"“{entry[member]}”"
    return f"“{key}”"


def has_tag(value: object) -> bool:
    """Whether there is an application's tag in it, unresolved."""
    if isinstance(value, Tagged):
        return True
    if isinstance(value, dict):
        return any(map(has_tag, value.values()))
    return isinstance(value, list) and any(map(has_tag, value))


def misshapen(data: object, empty: object) -> str | None:
    """Why the editor cannot work with the data of a file that is ``[]`` or ``{}`` when it is empty; None: it can."""
    if isinstance(empty, dict):
        return None if isinstance(data, dict) else "it is to be a mapping, from the key of each entry to the entry"
    if not isinstance(data, list):
        return "it is to be a list (each entry begins with “- ”)"
    number = next((number for number, item in enumerate(data, 1) if not isinstance(item, dict)), None)
    return None if number is None else f"item {number} of its list is none of these entries (a mapping)"
