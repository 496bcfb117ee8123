"""Composes values and their lines from the event stream of the YAML parser, in one pass and without recursion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from yett.documents.places import Place
from yett.documents.problems import Problems, RefusedError, shorten
from yett.documents.scalars import CORE, NotFiniteError, OutOfRangeError, Scalar, plain_scalar, tagged_scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yett.documents.limits import Limits


class _MergeKey(str):
    """The plain key `<<`, told from a quoted one by its identity."""

    __slots__ = ()


_MERGE = _MergeKey("<<")

# What an anchor names: its value, its place, the nodes it expands to, the containers inside each other.
_Anchored = tuple[Any, Place, int, int]


class _Frame:
    """A mapping or list that is being filled; `key` waits for its value, `merges` are spread when it closes."""

    __slots__ = ("anchor", "before", "height", "key", "key_line", "line", "merges", "places", "value")

    def __init__(self, value: dict[str, Any] | list[Any], line: int, anchor: str | None, before: int) -> None:
        self.value: Any = value
        self.places: Any = {} if isinstance(value, dict) else []
        self.line = line
        self.anchor = anchor
        self.before = before
        self.height = 1
        self.key: str | None = None
        self.key_line = line
        self.merges: list[tuple[dict[str, Any], dict[str, Place]]] | None = None


class _Composer:
    def __init__(self, data: bytes, limits: Limits, problems: Problems) -> None:
        self.parser = yaml.CSafeLoader(data)
        self.limits = limits
        self.problems = problems
        self.stack: list[_Frame] = []
        self.anchors: dict[str, _Anchored | None] = {}
        self.count = 0
        self.started = False
        self.root: tuple[Any, Place] = (None, (1, None))
        self.handlers: dict[type, Callable[[Any], None]] = {
            yaml.ScalarEvent: self.scalar,
            yaml.MappingStartEvent: self.mapping_start,
            yaml.MappingEndEvent: self.mapping_end,
            yaml.SequenceStartEvent: self.sequence_start,
            yaml.SequenceEndEvent: self.close,
            yaml.AliasEvent: self.alias,
            yaml.DocumentStartEvent: self.document_start,
        }

    def compose(self) -> tuple[Any, Place]:
        handlers = self.handlers
        get_event = self.parser.get_event
        while (event := get_event()) is not None:
            handler = handlers.get(event.__class__)
            if handler is not None:
                handler(event)
        return self.root

    def path(self) -> Iterator[str | int]:
        for frame in self.stack:
            if isinstance(frame.value, list):
                yield len(frame.value)
            elif frame.key is not None:
                yield frame.key

    def stop(self, event: Any, code: str, message: str, hint: str) -> RefusedError:
        return self.problems.stop(event.start_mark.line + 1, self.path(), code, message, hint)

    def document_start(self, event: Any) -> None:
        if self.started:
            hint = "put each document into a file of its own"
            raise self.stop(event, "several-documents", "the file holds several YAML documents", hint)
        self.started = True

    def scalar(self, event: Any) -> None:
        self.grow(event, 1)
        line = event.start_mark.line + 1
        frame = self.stack[-1] if self.stack else None
        if frame is not None and frame.key is None and frame.value.__class__ is dict:
            self.take_key(frame, event, line)
            return
        place: Place = (line, None)
        value = event.value
        if event.tag is not None or event.implicit[0]:
            value = self.resolve(event, line)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, place, 1, 0)
        self.add(event, value, place)

    def take_key(self, frame: _Frame, event: Any, line: int) -> None:
        key = event.value
        if key == "<<" and event.tag is None and event.implicit[0]:
            key = _MERGE
        frame.key = key
        frame.key_line = line
        if event.anchor is not None:
            self.anchors[event.anchor] = (str(key), (line, None), 1, 0)
        if key in frame.places:
            self.problems.duplicate_key(line, frame.places[key][0], self.path(), key)

    def resolve(self, event: Any, line: int) -> Scalar:
        try:
            if event.tag is None:
                return plain_scalar(event.value)
            return tagged_scalar(event.tag, event.value)
        except NotFiniteError:
            hint = "JSON has no infinity and no NaN: leave the value out, or write it as text"
            message = f"{event.value} is not a finite number"
            self.problems.note(line, self.path(), "number-not-finite", message, hint)
        except OutOfRangeError:
            self.problems.number_out_of_range(line, self.path(), event.value)
        except LookupError:
            self.refuse_tag(event.tag, line)
        return None

    def refuse_tag(self, tag: str, line: int) -> None:
        shown = tag.replace(CORE, "!!")
        message = f"the tag {shorten(shown)} is not supported here"
        hint = "remove the tag: text, numbers, true/false, null, mappings and lists need none"
        self.problems.note(line, self.path(), "unsupported-tag", message, hint)

    def grow(self, event: Any, nodes: int) -> None:
        self.count += nodes
        if self.count > self.limits.max_nodes:
            hint = "split it into several files; an alias counts as often as it is used"
            message = f"the document holds more than {self.limits.max_nodes} values"
            raise self.stop(event, "too-many-nodes", message, hint)

    def check_depth(self, event: Any, height: int) -> None:
        if len(self.stack) + height > self.limits.max_depth:
            message = f"mappings and lists are nested more than {self.limits.max_depth} deep"
            raise self.stop(event, "too-deep", message, "flatten the document")

    def require_key(self, event: Any) -> None:
        frame = self.stack[-1] if self.stack else None
        if frame is not None and frame.key is None and frame.value.__class__ is dict:
            raise self.stop(event, "key-not-text", "only text can be a key", "write the key as text")

    def mapping_start(self, event: Any) -> None:
        self.open(event, {}, CORE + "map")

    def sequence_start(self, event: Any) -> None:
        self.open(event, [], CORE + "seq")

    def open(self, event: Any, value: dict[str, Any] | list[Any], tag: str) -> None:
        self.require_key(event)
        self.check_depth(event, 1)
        line = event.start_mark.line + 1
        if event.tag not in (None, "!", tag):
            self.refuse_tag(event.tag, line)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.stack.append(_Frame(value, line, event.anchor, self.count))
        self.grow(event, 1)

    def mapping_end(self, event: Any) -> None:
        frame = self.stack[-1]
        if frame.merges is not None:
            spread_merges(frame.value, frame.places, frame.merges)
        self.close(event)

    def close(self, event: Any) -> None:
        frame = self.stack.pop()
        place: Place = (frame.line, frame.places)
        if frame.anchor is not None:
            self.anchors[frame.anchor] = (frame.value, place, self.count - frame.before, frame.height)
        self.raise_height(frame.height)
        self.add(event, frame.value, place)

    def raise_height(self, child: int) -> None:
        if self.stack and self.stack[-1].height <= child:
            self.stack[-1].height = child + 1

    def alias(self, event: Any) -> None:
        self.require_key(event)
        name = event.anchor
        anchored = self.anchors.get(name)
        if anchored is None:
            raise self.unknown_alias(event, name)
        value, place, nodes, height = anchored
        self.check_depth(event, height)
        self.grow(event, nodes)
        self.raise_height(height)
        self.add(event, value, (event.start_mark.line + 1, place[1]))

    def unknown_alias(self, event: Any, name: str) -> RefusedError:
        hint = "define the anchor (&name) before its alias (*name), and not around it"
        if name in self.anchors:
            return self.stop(event, "alias-recursive", f"the alias *{shorten(name)} contains itself", hint)
        return self.stop(event, "alias-unknown", f"the alias *{shorten(name)} names no anchor above it", hint)

    def add(self, event: Any, value: Any, place: Place) -> None:
        if not self.stack:
            self.root = (value, place)
            return
        frame = self.stack[-1]
        if frame.value.__class__ is list:
            frame.value.append(value)
            frame.places.append(place)
            return
        key = frame.key
        frame.places[key] = (frame.key_line, place[1])
        if key is _MERGE:
            self.add_merge(event, frame, value, place[1])
        else:
            frame.value[key] = value
        frame.key = None

    def add_merge(self, event: Any, frame: _Frame, value: Any, places: Any) -> None:
        values = value if isinstance(value, list) else [value]
        children = [place[1] for place in places] if isinstance(value, list) else [places]
        if not all(isinstance(merged, dict) for merged in values):
            hint = "write `<<: *name` or `<<: [*name, *other]`, or quote the key"
            raise self.stop(event, "invalid-merge", "the merge key << needs a mapping or a list of mappings", hint)
        frame.merges = list(zip(values, children, strict=True))


def spread_merges(
    value: dict[str, Any], places: dict[str, Place], merges: list[tuple[dict[str, Any], dict[str, Place]]]
) -> None:
    """Add merged entries to `value`: what stands there already wins, then the first of the merged mappings."""
    del places[_MERGE]
    for merged, merged_places in merges:
        for key, item in merged.items():
            if key not in value:
                value[key] = item
                places[key] = merged_places[key]


def read_yaml(data: bytes, limits: Limits, problems: Problems) -> tuple[Any, Place]:
    """Return the one document in `data` (valid UTF-8) and its places; notes what is wrong, or raises `RefusedError`."""
    try:
        return _Composer(data, limits, problems).compose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 0
        what = ", ".join(part for part in (error.context, error.problem) if part)
        hint = "check the indentation and the quotes around this line"
        raise problems.stop(line, (), "syntax", f"not valid YAML: {shorten(what, 200)}", hint) from None
    except yaml.YAMLError as error:
        hint = "remove control characters; write them escaped inside double quotes"
        raise problems.stop(
            0, (), "syntax", f"not valid YAML: {shorten(' '.join(str(error).split()), 200)}", hint
        ) from None
