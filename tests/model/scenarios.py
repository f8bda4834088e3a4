"""What is saved, edited and interrupted: data only. What must be true of each is in due.py, whatever it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

NAME, OTHER, THIRD, FOURTH = "a.conf", "b.conf", "c.conf", "d.conf"


@dataclass(frozen=True, slots=True)
class Save:
    """One save; None removes the file. Of several files at once: all old or all new.

    ``blind``: whatever is there is to be replaced; otherwise what was there before the scenario's step.
    """

    files: dict[str, bytes | None]
    blind: bool = False


@dataclass(frozen=True, slots=True)
class Idle:
    """Half a second goes by: the flusher brings everything to the disk."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Another program writes ``content`` (None: removes the file) and flushes it."""

    name: str
    content: bytes | None
    how: Literal["in place", "rename"] = "in place"


@dataclass(frozen=True, slots=True)
class Scenario:
    """``meanwhile``: at each opportunity of the steps, once; "recover": another process starts and recovers.

    ``afterwards``: between the crash and the start, each for itself (None: nothing); ``during``: at each opportunity of
    the recovery. ``again``: after each recovery the same is saved once more, and interrupted once more. ``in_place``:
    the route of all files but those that are ``replaced``. ``first`` and ``second``: how many power cuts are looked at
    after each step of the saves, and after each step of each recovery.
    """

    name: str
    before: dict[str, bytes | None]
    steps: tuple[Save | Idle | Edit, ...]
    in_place: bool = False
    stages_late: bool = False
    meanwhile: tuple[Edit | Literal["recover"], ...] = ()
    afterwards: tuple[Edit | None, ...] = (None,)
    during: tuple[Edit, ...] = ()
    again: bool = False
    replaced: tuple[str, ...] = ()
    first: int = 150
    second: int = 10

    def is_in_place(self, name: str) -> bool:
        """Whether the file keeps its inode."""
        return self.in_place and name not in self.replaced

    def torn(self) -> frozenset[str]:
        """The files that a crash can tear."""
        return frozenset(filter(self.is_in_place, self.before))


def text(letter: str, size: int) -> bytes:
    """Lines, no two equal, so that each byte shows where it comes from."""
    lines = (f"{letter}{number:04}: {letter * 9}\n" for number in range(size // 17 + 1))
    return "".join(lines).encode()[:size]


SMALL, SHORT, LONG = text("a", 40), text("b", 700), text("c", 1_500)
PAGES, MORE = text("d", 4_400), text("e", 5_600)
HAND: Final = b"by: hand\n"
ONE: Final = {NAME: SMALL}


def _mixed(old: bytes, new: bytes) -> bytes:
    """An edit that looks as if a save had been torn."""
    return new[: len(new) // 2] + old[len(new) // 2 :]


def _foreign(old: bytes, new: bytes) -> bytes:
    """Sectors of both, and one byte of neither."""
    return new[:600] + b"!" + old[601:]


def _changes() -> list[tuple[str, bytes, bytes]]:
    return [
        ("grow", SHORT, LONG),
        ("shrink", LONG, SHORT),
        ("as long", LONG, text("x", 1_500)),
        ("pages grow", PAGES, MORE),
        ("pages shrink", MORE, PAGES),
        ("to empty", SHORT, b""),
        ("from empty", b"", SHORT),
        ("one byte", b"x", b"y"),
        ("no change", SHORT, SHORT),
    ]


def _sizes(count: int) -> list[tuple[str, bytes, bytes]]:
    """From one number of sectors to another."""
    pairs = [(1 + number * 3 % 5, 1 + number * 5 % 7) for number in range(count)]
    return [
        (f"{old} to {new} sectors", text("s", 512 * old - old), text("t", 512 * new - 2 * new)) for old, new in pairs
    ]


def _one_file(*, in_place: bool) -> list[Scenario]:
    route = "in place" if in_place else "replace"
    late = () if in_place else (" late",)
    return [
        Scenario(f"{route}: {what}{when}", {NAME: old}, (Save({NAME: new}),), in_place, bool(when))
        for what, old, new in (*_changes(), *_sizes(8))
        for when in ("", *late)
    ]


def _sequences(*, in_place: bool) -> list[Scenario]:
    route = "in place" if in_place else "replace"
    there_and_back = (Save({NAME: LONG}), Save({NAME: SHORT}))
    return [
        Scenario(f"{route}: there and back", {NAME: SHORT}, there_and_back, in_place),
        Scenario(
            f"{route}: and again", {NAME: SHORT}, (*there_and_back, Save({NAME: LONG})), in_place, first=80, second=6
        ),
        Scenario(f"{route}: saved again", {NAME: SHORT}, there_and_back[:1], in_place, again=True, first=80, second=4),
        Scenario(
            f"{route}: torn again",
            {NAME: SHORT},
            (Save({NAME: SHORT}), Save({NAME: LONG})),
            in_place,
            again=True,
            afterwards=(None, Edit(NAME, LONG[:512] + SHORT[512:])),
            first=30,
            second=4,
        ),
        Scenario(f"{route}: idle between", {NAME: SHORT}, (Save({NAME: LONG}), Idle(), Save({NAME: PAGES})), in_place),
        Scenario(f"{route}: idle at the end", {NAME: SHORT}, (Save({NAME: LONG}), Idle()), in_place),
        Scenario(
            f"{route}: two files in turn",
            {NAME: SHORT, OTHER: LONG},
            (Save({NAME: LONG}), Save({OTHER: SHORT}), Save({NAME: PAGES})),
            in_place,
            first=80,
            second=6,
        ),
        Scenario(f"{route}: create, then save", {NAME: None}, (Save({NAME: SHORT}), Save({NAME: LONG})), in_place),
        Scenario(
            f"{route}: somebody edits between",
            {NAME: SHORT},
            (Save({NAME: LONG}), Edit(NAME, HAND), Save({NAME: SHORT}), Edit(NAME, LONG, "rename"), Save({NAME: HAND})),
            in_place,
            first=60,
            second=4,
        ),
    ]


def _edited(*, in_place: bool) -> list[Scenario]:
    route = "in place" if in_place else "replace"
    contents = [HAND, None, SHORT, LONG, b"", _mixed(SHORT, LONG), _foreign(SHORT, LONG), SHORT[:300], LONG + b"x"]
    edits = [Edit(NAME, content) for content in contents]
    renamed = [Edit(NAME, content, "rename") for content in (HAND, _mixed(SHORT, LONG), SHORT)]
    change = (Save({NAME: LONG}),)
    return [
        Scenario(
            f"{route}: edited after the crash",
            {NAME: SHORT},
            change,
            in_place,
            afterwards=(*edits, *renamed),
            first=12,
            second=4,
        ),
        Scenario(
            f"{route}: edited after a crash of the second",
            {NAME: SHORT},
            (Save({NAME: LONG}), Save({NAME: SMALL})),
            in_place,
            afterwards=(Edit(NAME, HAND), Edit(NAME, SHORT), Edit(NAME, _mixed(SMALL, LONG[:700]))),
            first=12,
            second=4,
        ),
        *(
            Scenario(
                f"{route}: edited meanwhile{', blindly' if blind else ''}, {how}",
                {NAME: SHORT},
                (Save({NAME: LONG}, blind=blind),),
                in_place,
                meanwhile=(Edit(NAME, HAND, how), Edit(NAME, None), Edit(NAME, _mixed(SHORT, LONG), how)),
                first=12,
                second=4,
            )
            for blind in (False, True)
            for how in ("in place", "rename")
        ),
        Scenario(
            f"{route}: edited during the recovery",
            {NAME: SHORT},
            change,
            in_place,
            during=(Edit(NAME, HAND), Edit(NAME, HAND, "rename"), Edit(NAME, None), Edit(NAME, _mixed(SHORT, LONG))),
            first=8,
            second=3,
        ),
        Scenario(
            f"{route}: recovery beside it", {NAME: SHORT}, change, in_place, meanwhile=("recover",), first=20, second=4
        ),
    ]


def _created() -> list[Scenario]:
    made = (Save({NAME: PAGES}),)
    edits = (Edit(NAME, HAND, "rename"), Edit(NAME, None), Edit(NAME, PAGES[:4096], "rename"))
    return [
        Scenario("create", {NAME: None}, made),
        Scenario("create late", {NAME: None}, made, stages_late=True),
        Scenario("create empty", {NAME: None}, (Save({NAME: b""}),)),
        Scenario("create, and edited after the crash", {NAME: None}, made, afterwards=edits, first=12, second=4),
        Scenario("create, while somebody else does", {NAME: None}, made, meanwhile=edits[:1], first=12, second=4),
        Scenario("create beside a recovery", {NAME: None}, made, meanwhile=("recover",), first=12, second=4),
    ]


def _removed() -> list[Scenario]:
    gone = (Save({NAME: None}),)
    edits = (Edit(NAME, HAND, "rename"), Edit(NAME, HAND), Edit(NAME, None), Edit(NAME, SHORT, "rename"))
    return [
        Scenario("remove", {NAME: SHORT}, gone, again=True, second=4),
        Scenario("remove, then create", {NAME: SHORT}, (*gone, Save({NAME: LONG})), first=60),
        Scenario("remove, and edited after the crash", {NAME: SHORT}, gone, afterwards=edits, second=4),
        Scenario("remove, while it is edited", {NAME: SHORT}, gone, meanwhile=edits, first=12, second=4),
        Scenario("remove beside a recovery", {NAME: SHORT}, gone, meanwhile=("recover",), first=12, second=4),
    ]


_ROUTES: Final = {"in place": (True, ()), "replace": (False, ()), "both routes": (True, (OTHER, THIRD))}


def _together(route: str) -> list[Scenario]:
    in_place, replaced = _ROUTES[route]
    two: dict[str, bytes | None] = {NAME: SHORT, OTHER: LONG}
    four: dict[str, bytes | None] = {NAME: SHORT, OTHER: LONG, THIRD: None, FOURTH: SMALL}
    swapped = Save({NAME: LONG, OTHER: SHORT})
    every = Save({NAME: LONG, OTHER: LONG, THIRD: SMALL, FOURTH: None})
    edits = (Edit(OTHER, HAND), Edit(OTHER, HAND, "rename"), Edit(OTHER, None), Edit(NAME, LONG), Edit(NAME, SHORT))

    def scenario(what: str, *steps: Save | Idle | Edit, before: dict[str, bytes | None] = two, **more: Any) -> Scenario:
        more = {"first": 40, "second": 3, **more}
        return Scenario(f"{route}, together: {what}", before, steps, in_place, replaced=replaced, **more)

    return [
        scenario("two", swapped, first=100, second=5),
        scenario("two late", swapped, stages_late=True),
        scenario("two, and one of them again", swapped, Save({OTHER: SMALL})),
        scenario("there and back", swapped, Save({NAME: SHORT, OTHER: LONG}), first=30),
        scenario("one of four the same, one new, one gone", every, before=four),
        scenario("saved again", swapped, again=True, first=12, second=2),
        scenario("edited after the crash", swapped, afterwards=edits, first=8, second=2),
        scenario("edited meanwhile", swapped, meanwhile=edits[:4], first=6, second=2),
        scenario("edited during the recovery", swapped, during=edits[:3], first=4, second=2),
        scenario(
            "undone, and edited during that",
            swapped,
            meanwhile=(Edit(OTHER, HAND, "rename"),),
            during=(Edit(NAME, HAND), Edit(NAME, HAND, "rename")),
            first=2,
            second=2,
        ),
        scenario(
            "equal files, and one is edited meanwhile",
            Save({NAME: LONG, OTHER: LONG}),
            before={NAME: SHORT, OTHER: SHORT},
            meanwhile=(Edit(NAME, HAND, "rename"), Edit(OTHER, HAND, "rename")),
            first=6,
            second=2,
        ),
        scenario(
            "refused, then done by hand",
            swapped,
            Edit(NAME, LONG),
            meanwhile=(Edit(NAME, HAND), Edit(OTHER, HAND, "rename")),
            first=6,
            second=2,
        ),
        scenario("recovery beside it", swapped, meanwhile=("recover",), first=6, second=2),
    ]


SCENARIOS: Final = [
    *_one_file(in_place=True),
    *_one_file(in_place=False),
    *_sequences(in_place=True),
    *_sequences(in_place=False),
    *_edited(in_place=True),
    *_edited(in_place=False),
    *_created(),
    *_removed(),
    *(scenario for route in _ROUTES for scenario in _together(route)),
]
