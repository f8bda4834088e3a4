"""What has to be told and recorded of one change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.daemon.looking import etag
from tests.watching.changes import OLD, Case, Outcome, Who

if TYPE_CHECKING:
    from tests.watching.layouts import Seen
    from tests.watching.told import Event
    from tests.watching.world import World


_RULES = {Outcome.STALE: "MNT002", Outcome.MOVED: "MNT003"}


def check(world: World, case: Case) -> None:
    """Do it, and look at what was told and recorded."""
    seen = world.layout.files[case.file]
    done = world.run(case.who, seen, case.change.script)
    match case.outcome:
        case Outcome.NOTHING:
            world.mark()
            assert world.events(seen) == []
            assert len(world.history(seen)) == 1
        case Outcome.STALE | Outcome.MOVED:
            _cut_off(world, seen, case.outcome, done)
        case _:
            _changed(world, seen, case.outcome, done)


def _changed(world: World, seen: Seen, outcome: Outcome, done: float) -> None:
    now = world.read(seen)
    wanted = None if now is None else etag(now)
    assert (now is None) == (outcome is Outcome.REMOVED), now
    assert now != OLD
    assert world.told.wait(lambda: [event.data["etag"] for event in world.events(seen)][-1:] == [wanted]), (
        world.events(seen),
        wanted,
    )
    world.note(outcome, max(0.0, world.events(seen)[-1].at - done))
    world.mark()
    told = world.events(seen)
    etags = [event.data["etag"] for event in told]
    if outcome is Outcome.IN_STEPS:
        assert now is not None
        assert set(etags) <= {etag(now[:end]) for end in range(len(now) + 1)}, told
        assert len(set(etags)) == len(etags), told
    else:
        assert etags == [wanted], told
    for event in told:
        _is_external(event, seen)
    assert told[-1].type == ("file.removed" if now is None else "file.changed")
    assert now is None or told[-1].data["size"] == len(now)
    *since, first = world.history(seen)
    assert [each["id"] for each in reversed(since)] == [event.data["revision"] for event in told]
    assert (since[0]["origin"], since[0]["etag"], first["etag"]) == ("external", wanted, etag(OLD))
    assert now is None or world.content(since[0]) == now


def _is_external(event: Event, seen: Seen) -> None:
    assert event.about == (seen.root, seen.path)
    assert (event.data["origin"], event.data["uid"], event.data["request_id"]) == ("external", None, None), event


def _cut_off(world: World, seen: Seen, outcome: Outcome, done: float) -> None:
    """The mount still shows the old file; vim moves it away before it removes it, which may be told too."""
    assert state(world, seen, outcome, done)["rule"] == _RULES[outcome]
    world.mark()
    told = world.events(seen)
    assert {event.type for event in told} == {"mount.changed"}, told
    assert [event.data["state"] for event in told] in (["stale"], ["moved"], ["moved", "stale"])
    assert world.read(seen) == OLD
    assert [each["etag"] for each in world.history(seen)] == [etag(OLD)]


def state(world: World, seen: Seen, wanted: str, done: float) -> dict[str, object]:
    """The members of the event that says that the mount of a file is in the state ``wanted`` now."""

    def last() -> list[Event]:
        return [event for event in world.events(seen) if event.type == "mount.changed"][-1:]

    assert world.told.wait(lambda: [event.data["state"] for event in last()] == [wanted]), world.events(seen)
    (event,) = last()
    world.note(wanted, max(0.0, event.at - done))
    assert event.data["detail"]
    assert bool(event.data["remedy"]) == (wanted in {"stale", "moved"})
    assert seen.by[Who.INSIDE] in event.data["evidence"]
    return event.data
