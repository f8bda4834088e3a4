"""libyaml's events made into nodes; an alias is the node it stands for, ``<<`` is merged as it is read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from confkeep.layout.compose_nodes import Item, Mapping, Scalar, Sequence, Span

if TYPE_CHECKING:
    from confkeep.layout.compose_nodes import Node, Text

#: With those that << merges in; Compose stops at as many.
MAX_NODES: Final = 100_000


class Builder:
    """Makes nodes of libyaml's events; an alias is the node it stands for."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self.documents: list[Node] = []
        self.anchors: dict[str, Node] = {}
        self.open: list[tuple[Any, list[Item]]] = []
        self.left = MAX_NODES

    def see(self, event: Any) -> None:  # noqa: ANN401 - PyYAML's stubs do not tell events apart
        """Take the next event; what is done is in ``documents``. Raises InvalidDocument."""
        match type(event).__name__:
            case "ScalarEvent":
                span = Span(event.start_mark.index, event.end_mark.index)
                self._place(event, Item(span, Scalar(span, event.value, event.style or "")))
            case "AliasEvent":
                span = Span(event.start_mark.index, event.end_mark.index)
                if event.anchor not in self.anchors:
                    raise self.text.invalid(span, f"*{event.anchor} contains itself")
                self._place(None, Item(span, self.anchors[event.anchor]))
            case "SequenceStartEvent" | "MappingStartEvent":
                if event.anchor:
                    self.anchors.pop(event.anchor, None)
                self.open.append((event, []))
            case "SequenceEndEvent" | "MappingEndEvent":
                self._close(event.end_mark.index)
            case "DocumentStartEvent":
                self.anchors.clear()
            case _:
                pass

    def _place(self, event: Any, item: Item) -> None:  # noqa: ANN401
        self._spend(item.span, 1)
        if event is not None and event.anchor:
            self.anchors[event.anchor] = item.node
        if self.open:
            self.open[-1][1].append(item)
        else:
            self.documents.append(item.node)

    def _close(self, end: int) -> None:
        event, items = self.open.pop()
        if not event.flow_style:  # a block ends for libyaml where the next token starts
            end = items[-1].span.end if items else end
        span = Span(event.start_mark.index, end)
        is_mapping = type(event).__name__ == "MappingStartEvent"
        node = self._mapping(span, event.flow_style, items) if is_mapping else _sequence(span, event.flow_style, items)
        self._place(event, Item(span, node))

    def _mapping(self, span: Span, flow: bool, items: list[Item]) -> Mapping:  # noqa: FBT001 - as the event has it
        fields: dict[str, Node] = {}
        merged: list[Node] = []
        for key, value in zip(items[::2], items[1::2], strict=True):
            if isinstance(key.node, Scalar) and key.node.text == "<<" and not key.node.quote:
                merged += [item.node for item in value.node.items] if isinstance(value.node, Sequence) else [value.node]
            elif isinstance(key.node, Scalar):
                fields[key.node.text] = value.node
        for node in merged:
            if not isinstance(node, Mapping):
                raise self.text.invalid(span, "<< merges mappings only")
            self._spend(span, len(node.fields))
            for name, inherited in node.fields.items():
                fields.setdefault(name, inherited)
        return Mapping(span, flow, items[0].span if items else None, fields)

    def _spend(self, at: Span, nodes: int) -> None:
        self.left -= nodes
        if self.left < 0:
            raise self.text.invalid(at, f"more than {MAX_NODES} nodes, with those that << merges in")


def _sequence(span: Span, flow: bool, items: list[Item]) -> Sequence:  # noqa: FBT001 - as the event has it
    ends = [None, *(item.span.end for item in items)] if flow else [None] * len(items)
    return Sequence(span, flow, tuple(replace(item, before=end) for item, end in zip(items, ends, strict=False)))
