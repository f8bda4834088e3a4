"""``confkeep merge``: what two people made of one document, in one."""

from __future__ import annotations

import argparse
import sys
from base64 import b64decode
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from confkeep.cli import connection, given, kind
from confkeep.cli.extra import needed_by
from confkeep.cli.output import content_members, plain, print_json, write_bytes
from confkeep.errors import BadParameter, InvalidDocument, MergeConflict

if TYPE_CHECKING:
    from confkeep.documents.merge import Merged

HELP = "merge what two people made of one file"
_EPILOG: Final = """\
exit codes:
  0  merged
  4  both sides changed the same thing; both are in the output, between <<<<<<< and >>>>>>>
  others as of the other commands: confkeep --help

Of ROOT/PATH theirs is what is there now, and nothing is saved: `confkeep put` does it, with the etag that is printed.

As git's merge driver:
  git config merge.confkeep.driver 'confkeep merge %O %A %B -o %A --name %P'
  echo '*.yaml merge=confkeep' >> .gitattributes
"""


class _Result(NamedTuple):
    data: bytes
    conflicts: int
    members: dict[str, Any]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    connection.add_host(parser)
    parser.add_argument("first", metavar="BASE|ROOT/PATH", help="what both began with; or a file of the daemon")
    parser.add_argument("mine", metavar="MINE", help="a local file; - is standard input")
    parser.add_argument("theirs", nargs="?", metavar="THEIRS", help="a local file; needs no daemon")
    parser.add_argument("--base", metavar="REV", help="of ROOT/PATH: what mine began with, a revision's number or etag")
    parser.add_argument("-o", "--output", metavar="OUT", help="write it to this file; default: standard output")
    parser.add_argument("--name", default="", metavar="NAME", help="what the files are called, such as a.yaml")
    kind.add_kind(parser)


def run(options: argparse.Namespace) -> int:
    """Write the merge, or with conflicts the marked text."""
    result = _asked(options) if options.theirs is None else _local(options)
    if options.output is not None:
        from confkeep.library.saving import save

        save(options.output, result.data)
    elif not options.json:
        write_bytes(result.data)
    members = result.members | {"conflicts": result.conflicts}
    if options.json:
        members |= content_members(result.data)
    if result.conflicts:
        places = "one place" if result.conflicts == 1 else f"{result.conflicts} places"
        raise MergeConflict(
            f"both sides changed the same thing in {places}: both are in {options.output or 'the output'}",
            remedy="choose between <<<<<<< and >>>>>>>, and remove these lines",
            **members,
        )
    if options.json:
        print_json(members)
    return 0


def _asked(options: argparse.Namespace) -> _Result:
    root, path = connection.split(options.first)
    if options.base is None or options.name or options.as_ or options.dialect:
        raise BadParameter(
            "a merge into a file of the daemon needs --base, and neither --name nor --as nor --dialect",
            remedy="give the revision or etag that yours began with, or three local files: BASE MINE THEIRS",
        )
    mine = given.content(options.mine)
    with connection.client(options) as client:
        base = connection.version_of(client, options.first, options.base)
        try:
            merged = client.merge(root, path, mine, base=base)
        except MergeConflict as error:
            return _marked(error)
    if not options.json:
        print(plain(f"merged with etag {merged.etag}: save it with --if-match {merged.etag}"), file=sys.stderr)
    return _Result(merged.data, 0, {"etag": merged.etag, "how": merged.how})


def _marked(error: MergeConflict) -> _Result:
    """The text with both sides; raises ``error`` where the daemon does not show it."""
    members = error.members
    if "text_base64" in members:
        data = b64decode(members["text_base64"])
    elif "text" in members:
        data = members["text"].encode("utf-8")
    else:
        raise error
    return _Result(data, members["conflicts"], {"etag": members["etag"]})


def _local(options: argparse.Namespace) -> _Result:
    if options.base is not None:
        raise BadParameter("--base is of a file of the daemon", remedy="three local files are BASE MINE THEIRS")
    base, mine, theirs = given.documents(options.first, options.mine, options.theirs)
    merged = three_way(options, options.name or options.mine, base, mine, theirs)
    return _Result(merged.data, merged.conflicts, {"how": merged.how})


def three_way(options: argparse.Namespace, name: str, base: bytes, mine: bytes, theirs: bytes) -> Merged:
    """The merge, here. Raises InvalidDocument where it takes too long, SettingsError without a parser."""
    from confkeep.documents.merge import Labels, merge

    format_, dialect = kind.kind_of(options, name)
    try:
        with needed_by("the merge"):
            return merge(base, mine, theirs, format_, dialect, labels=Labels(), seconds=kind.SECONDS)
    except TimeoutError as error:
        raise InvalidDocument(
            f"{name}: the merge takes over {kind.SECONDS:g} s of processor time", remedy="merge line by line: --as text"
        ) from error
