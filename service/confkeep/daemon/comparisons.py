"""The bodies of answers about documents: what is wrong with one, and what is different between two."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import msgspec

from confkeep.documents.diagnostic import Diagnostic
from confkeep.documents.dialect import Dialect
from confkeep.documents.format import Format

if TYPE_CHECKING:
    from confkeep.comparing import Compared, Side
    from confkeep.daemon.requests import Address
    from confkeep.documents.compare import Difference


#: A string written by ``json``, which escapes half of a surrogate pair: keys of JSON may have one, UTF-8 cannot.
Text: TypeAlias = Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema={"type": "string"})]


class SideAnswer(msgspec.Struct):
    """One content of a file.

    ``etag`` and ``size`` are null where there was no file, ``revision`` where the history has none of it.
    """

    etag: str | None
    revision: int | None
    size: int | None

    @classmethod
    def of(cls, side: Side) -> SideAnswer:
        """From what was compared."""
        return cls(side.etag, side.revision, None if side.data is None else len(side.data))


class DifferenceAnswer(msgspec.Struct):
    """What became of ``path`` (a JSON Pointer; of the old document, of the new one where it was added)."""

    kind: Literal["added", "removed", "changed"]
    path: Text
    old: msgspec.Raw
    new: msgspec.Raw

    @classmethod
    def of(cls, difference: Difference) -> DifferenceAnswer:
        """From the comparison. All is written by ``json``, which knows numbers of any size, too."""
        written = (difference.path, difference.old, difference.new)
        path, old, new = (msgspec.Raw(json.dumps(value).encode("ascii")) for value in written)
        return cls(difference.kind, path, old, new)


class DiffAnswer(msgspec.Struct):
    """``differences`` is null where one of the two has no structure, ``unified`` where a line of it is no UTF-8."""

    root: str
    path: str
    old: SideAnswer = msgspec.field(name="from")
    new: SideAnswer = msgspec.field(name="to")
    same: bool
    differences: list[DifferenceAnswer] | None
    unified: str | None

    @classmethod
    def of(cls, at: Address, compared: Compared) -> DiffAnswer:
        """From the comparison."""
        found = compared.differences
        try:
            lines = compared.unified.decode("utf-8")
        except UnicodeDecodeError:
            lines = None
        return cls(
            root=at.root.name,
            path=at.relative,
            old=SideAnswer.of(compared.old),
            new=SideAnswer.of(compared.new),
            same=compared.old.data == compared.new.data,
            differences=None if found is None else [DifferenceAnswer.of(one) for one in found],
            unified=lines,
        )


class ValidateAnswer(msgspec.Struct):
    """``format`` is null where nothing announced one that is understood: then nothing was checked."""

    valid: bool
    format: Format | None
    dialect: Dialect
    diagnostics: tuple[Diagnostic, ...]
