"""Our own writers. What they need is imported in the process that saves with them."""

from __future__ import annotations

from bench.peers.writing import Made


def save() -> Made:
    """``confkeep.save``: with the etag where the program has read one."""
    import confkeep

    return Made(confkeep.__version__, lambda path, data, etag: confkeep.save(path, data, expect=etag))


def drop_in() -> Made:
    """The module ``atomicwrites`` that is ours."""
    import atomicwrites
    import confkeep

    def save(path: str, data: bytes, _: str | None) -> None:
        with atomicwrites.atomic_write(path, mode="wb", overwrite=True) as file:
            file.write(data)

    return Made(confkeep.__version__, save)


def keeper() -> Made:
    """``confkeep.Keeper``, open all the time: journal and history. Documents are not checked."""
    import confkeep

    keeper = confkeep.Keeper()  # in CONFKEEP_STATE, which is on the disk that is measured

    def recall(path: str) -> bytes | None:
        known = keeper.history(path, limit=2)
        return keeper.content(known[1].id) if len(known) == 2 else None

    def save(path: str, data: bytes, etag: str | None) -> None:
        keeper.save(path, data, expect=etag, validate="off")

    return Made(confkeep.__version__, save, recall)
