"""The path of a request: which file is meant, and what is asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from confkeep.errors import BadParameter, BadPath

if TYPE_CHECKING:
    from collections.abc import Mapping


def file_url(noun: str, root: str, path: str, query: Mapping[str, str] | None = None) -> str:
    """The URL of ``noun`` of one file; its name may contain anything. Raises BadPath for what names no file.

    An empty path is refused here: to the daemon it is the root, whose listing would be taken for the file's content.
    """
    if not (root and path):
        raise BadPath(f"{root!r} and {path!r} name no file", remedy="name a root, and the path of a file below it")
    return root_url(noun, root, path, query=query)


def root_url(noun: str, root: str, path: str = "", *, query: Mapping[str, str] | None = None) -> str:
    """The same, where the path may be empty: the whole root is meant. Raises BadPath."""
    check_name(root, path)
    return f"/v1/{noun}/{quote(root, safe='')}/{quote(path)}{query_of(query or {})}"


def check_name(root: str, path: str) -> None:
    """Raise BadPath for names that are no UTF-8."""
    try:
        f"{root}/{path}".encode()
    except UnicodeEncodeError as error:
        raise BadPath(
            f"{root}/{path} is no UTF-8 and cannot be named over the API", remedy="rename the file"
        ) from error


def query_of(parameters: Mapping[str, str]) -> str:
    """``?…``, without those that are empty; "" where none is left. Raises BadParameter for what is no UTF-8."""
    given = {name: value for name, value in parameters.items() if value}
    try:
        return f"?{urlencode(given)}" if given else ""
    except UnicodeEncodeError as error:
        raise BadParameter(f"{error.object!r} is no UTF-8", remedy="leave out the bytes that are none") from error
