"""What a request asks for: strict about what it names, clear about what it may not."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import quote, unquote_to_bytes

from confkeep.errors import BadParameter, BadPath, BodyTooLarge, NoRoot, NotARegularFile, PreconditionRequired
from confkeep.expect import ABSENT, ANYTHING, Expect

if TYPE_CHECKING:
    from enum import StrEnum

    from starlette.requests import Request

    from confkeep.files.root import Root

E = TypeVar("E", bound="StrEnum")
# A list element: an entity tag, or nothing (RFC 9110, 5.6.1 and 8.8.3); a comma inside the quotes belongs to the tag.
_ENTITY_TAG: Final = re.compile(r'[ \t]*(?:(W/)?"([\x21\x23-\x7e\x80-\xff]*)")?[ \t]*(?:,|$)')
#: What names the content that is in the file now, where a revision's number or an etag names one of the history.
DISK: Final = "disk"
_ETAG: Final = re.compile("[0-9a-f]{64}")
_MOST_DIGITS: Final = 19  # of a 64-bit number


@dataclass(frozen=True, slots=True)
class Address:
    """Root and relative path of a file; ``relative`` is empty where the request names the root alone."""

    root: Root
    relative: str

    @property
    def path(self) -> str:
        """Where it is, as this process sees it; links are not followed."""
        return self.root.path if self.root.is_single_file() else os.path.join(self.root.path, self.relative)

    def url(self, noun: str) -> str:
        """Where ``noun`` of it is asked for."""
        return f"/v1/{noun}/{self.root.name}/{quote(self.relative)}"


def address(request: Request, prefix: str, roots: dict[str, Root]) -> Address:
    """The address in the raw path after ``prefix``. Raises BadPath, NoRoot.

    From the raw path, because a decoded one cannot tell ``%2F`` from ``/``.
    """
    raw: bytes = request.scope["raw_path"]
    name, *segments = raw.removeprefix(prefix.encode("ascii")).split(b"/")
    root = roots.get(_decode(name, raw))
    if root is None:
        raise NoRoot(
            f"there is no root {_decode(name, raw)!r}", remedy="GET /v1 lists the roots; the settings name them"
        )
    if segments in ([], [b""]):
        return Address(root, "")
    return Address(root, "/".join(_segment(segment, raw) for segment in segments))


def file_address(request: Request, prefix: str, roots: dict[str, Root]) -> Address:
    """The address of a file. Raises BadPath, NoRoot, and NotARegularFile for that of a root."""
    at = address(request, prefix, roots)
    if not at.relative:
        raise NotARegularFile(f"/{at.root.name} is a root", remedy="name a file below it")
    return at


def address_of(name: str, path: str, roots: dict[str, Root]) -> Address:
    """The address of ``path`` below the root ``name``, as a body writes them. Raises BadPath, NoRoot."""
    root = roots.get(name)
    if root is None:
        raise NoRoot(f"there is no root {name!r}", remedy="GET /v1 lists the roots; the settings name them")
    for segment in path.split("/"):
        _check_segment(segment, path)
    return Address(root, path)


def _segment(segment: bytes, raw: bytes) -> str:
    name = _decode(segment, raw)
    _check_segment(name, raw.decode("ascii", "replace"))
    return name


def _check_segment(name: str, whole: str) -> None:
    if name in {"", ".", ".."} or "/" in name or "\0" in name:
        raise BadPath(
            f"{whole!r} has the segment {name!r}, which cannot name anything below a root",
            remedy="use the plain path, without empty segments, '.', '..', NUL or an encoded '/'",
        )


def _decode(segment: bytes, raw: bytes) -> str:
    try:
        return unquote_to_bytes(segment).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadPath(
            f"{raw.decode('ascii', 'replace')!r} is not UTF-8 once decoded", remedy="percent-encode the path as UTF-8"
        ) from error


class Parameters:
    """The query, read strictly: what is asked for must be known, given once, and of its type."""

    def __init__(self, request: Request, *known: str) -> None:
        """Raises BadParameter for a name that is not among ``known``, or given twice."""
        self.values: dict[str, str] = {}
        for name, value in request.query_params.multi_items():
            if name not in known:
                offer = ", ".join(known) or "none"
                raise BadParameter(f"unknown parameter {name!r}", remedy=f"this request knows: {offer}", parameter=name)
            if name in self.values:
                raise BadParameter(f"parameter {name!r} is given twice", remedy="give it once", parameter=name)
            self.values[name] = value

    def text(self, name: str) -> str:
        """The value, "" where it is missing."""
        return self.values.get(name, "")

    def one_of(self, name: str, kind: type[E]) -> E | None:
        """A member of ``kind``, None where it is missing."""
        value = self.values.get(name)
        if value is None:
            return None
        try:
            return kind(value)
        except ValueError as error:
            raise self._wrong(name, "one of " + ", ".join(kind)) from error

    def flag(self, name: str) -> bool:
        """``true`` or ``false``; missing is false."""
        value = self.values.get(name, "false")
        if value not in {"true", "false"}:
            raise self._wrong(name, "true or false")
        return value == "true"

    def number(self, name: str, default: int | None, most: int) -> int | None:
        """A whole number from 1 to ``most``."""
        value = self.values.get(name)
        if value is None:
            return default
        if not (value.isascii() and value.isdigit() and len(value) <= len(str(most)) and 1 <= int(value) <= most):
            raise self._wrong(name, f"a whole number from 1 to {most}")
        return int(value)

    def version(self, name: str, *, disk: bool = True) -> int | str | None:
        """One content of a file: a revision's number, an etag, or with ``disk`` ``DISK``; None where it is missing."""
        value = self.values.get(name)
        if value is None:
            return None
        bare = value.strip('"')
        if (disk and value == DISK) or _ETAG.fullmatch(bare):
            return bare
        if value.isascii() and value.isdigit() and len(value) < _MOST_DIGITS:
            return int(value)
        raise self._wrong(
            name, f"a revision's number, an etag, or {DISK}" if disk else "a revision's number or an etag"
        )

    def _wrong(self, name: str, wanted: str) -> BadParameter:
        return BadParameter(f"{name}={self.values[name]!r} is not {wanted}", remedy=f"give {wanted}", parameter=name)


def precondition(request: Request) -> Expect:
    """What an unsafe request expects to replace (RFC 9110, section 13.1). Raises PreconditionRequired, BadParameter."""
    match, none_match = _header(request, "if-match"), _header(request, "if-none-match")
    if match and none_match:
        raise BadParameter("If-Match and If-None-Match together say nothing", remedy="send one of them")
    if match:
        return ANYTHING if match.strip() == "*" else Expect(etags=frozenset(_strong(match)))
    if none_match.strip() == "*":
        return ABSENT
    raise PreconditionRequired(
        "this save does not say what it replaces",
        remedy='send If-Match: "ETAG" of the version you edited, If-Match: * to overwrite what is there, '
        "or If-None-Match: * to create a new file",
    )


def expect_of(match: str | None, none_match: str | None, what: str) -> Expect:
    """The same of a change in a body: ``if_match`` is an etag or ``*``, ``if_none_match`` is ``*``."""
    if match is not None and none_match is not None:
        raise BadParameter(f"{what}: if_match and if_none_match together say nothing", remedy="send one of them")
    if match is not None:
        return ANYTHING if match == "*" else Expect(etags=frozenset({match.strip('"')}))
    if none_match == "*":
        return ABSENT
    raise PreconditionRequired(
        f"{what}: this change does not say what it replaces",
        remedy='give "if_match": the etag of the version you edited, or "*", or "if_none_match": "*" for a new file',
    )


def not_modified(request: Request, etag: str) -> bool:
    """Whether the caller has this content already (weak comparison, RFC 9110, 13.1.2)."""
    header = _header(request, "if-none-match")
    return bool(header) and (header.strip() == "*" or etag in {tag for _, tag in _tags(header)})


def _header(request: Request, name: str) -> str:
    """A list header may come in several lines (RFC 9110, 5.3)."""
    return ", ".join(request.headers.getlist(name))


def _strong(header: str) -> list[str]:
    return [tag for weak, tag in _tags(header) if not weak]


def _tags(header: str) -> list[tuple[bool, str]]:
    tags: list[tuple[bool, str]] = []
    at = 0
    while at < len(header):
        found = _ENTITY_TAG.match(header, at)
        if found is None:
            raise BadParameter(
                f"{header[at:].strip()!r} is no entity tag", remedy='write the etag in double quotes: "…"'
            )
        if found[2] is not None:
            tags.append((found[1] is not None, found[2]))
        at = found.end()
    return tags


async def body(request: Request, most: int) -> bytes:
    """The whole body. Raises BodyTooLarge as soon as it is known to be over ``most`` bytes.

    Raises BadParameter for a body that is not the file's whole content as it is: a part would be saved as the whole
    (RFC 9110, 14.5), a compressed one byte for byte.
    """
    for name in ("content-range", "content-encoding"):
        if name in request.headers:
            raise BadParameter(f"{name} is not taken here", remedy="send the whole body, as it is")
    remedy = "raise max_body in the settings if this really is configuration" if most else "send this without a body"
    too_large = BodyTooLarge(f"the body is over {most} bytes", remedy=remedy, limit=most)
    announced = request.headers.get("content-length", "0")
    if announced.isascii() and announced.isdigit() and int(announced) > most:
        raise too_large
    whole = bytearray()  # and no list: a body may come byte by byte
    async for piece in request.stream():
        if len(whole) + len(piece) > most:
            raise too_large
        whole += piece
    return bytes(whole)
