"""Add a value to a YAML or JSON text without touching the rest of it: comments, order and quotes stay as they are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from yett.errors import YettError

if TYPE_CHECKING:
    from collections.abc import Sequence


def insert_item(text: str, path: Sequence[str | int], item: Any) -> str:
    """`text` with `item` in the list at `path`; what is missing on the way there is made.

    Raises `YettError` where the text is written in a way that leaves no place for it.
    """
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    at = 0
    if node is None:
        raise YettError("the file is empty")
    while at < len(path) and (child := _child(node, path[at])) is not None:
        node, at = child, at + 1
    changed = _insert(text, node, path[at:], item)
    if changed is None or not _is_only_more(text, changed, path, item):
        raise YettError("there is no place in the file where it could be written", hint="write it there by hand")
    return changed


def _child(node: yaml.Node, key: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        found: yaml.Node | None = next((value for name, value in node.value if name.value == key), None)
        return found
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        entry: yaml.Node = node.value[key]
        return entry
    return None


def _insert(text: str, node: yaml.Node, rest: Sequence[str | int], item: Any) -> str | None:
    value: Any = item
    for key in reversed(rest[1:]):
        value = {key: value if isinstance(value, dict) and value is not item else [item]}
    if not rest and isinstance(node, yaml.SequenceNode):
        entry = _spelled(text, item)
        return _in_flow(text, node, entry) if node.flow_style else _before(text, _first(node), f"- {entry}")
    if rest and isinstance(node, yaml.MappingNode) and (node.value or node.flow_style):
        entry = f"{_spelled(text, rest[0])}: {_spelled(text, value if len(rest) > 1 else [item])}"
        return _in_flow(text, node, entry) if node.flow_style else _before(text, _last(node), entry)
    return None


def _spelled(text: str, value: Any) -> str:
    """As the rest of the text is spelled: a text that begins like JSON is read as nothing else."""
    return json.dumps(value, ensure_ascii=False) if text.lstrip().startswith(("{", "[")) else _flow(value)


def _flow(value: Any) -> str:
    """JSON that reads like YAML: names without quotes where they need none."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(entry) for entry in value) + "]"
    plain = (
        isinstance(value, str)
        and value.replace("-", "").isalpha()
        and value.isascii()
        and yaml.safe_load(value) == value
    )
    return value if plain else json.dumps(value, ensure_ascii=False)


def _in_flow(text: str, node: yaml.Node, entry: str) -> str:
    end = node.end_mark.index - 1
    before = text[:end].rstrip()
    separator = "" if before.endswith(("{", "[")) else ", "
    if before.endswith(","):
        separator = " "
    return f"{before}{separator}{entry}{text[len(before) :]}"


def _first(node: yaml.SequenceNode) -> tuple[int, int]:
    return node.start_mark.line, node.start_mark.column


def _last(node: yaml.MappingNode) -> tuple[int, int]:
    """The last key, or what follows the only one: the first may stand behind the dash of a list."""
    keys = [key.start_mark for key, _ in node.value]
    if len(keys) > 1:
        return keys[-1].line, keys[-1].column
    end = node.value[0][1].end_mark
    return end.line + (1 if end.column else 0), keys[0].column


def _before(text: str, at: tuple[int, int], line: str) -> str:
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    number, column = at
    lines.insert(number, " " * column + line + "\n")
    return "".join(lines)


def _is_only_more(text: str, changed: str, path: Sequence[str | int], item: Any) -> bool:
    """Whether the changed text says what the old one does, and the item."""
    try:
        old, new = yaml.safe_load(text), yaml.safe_load(changed)
    except yaml.YAMLError:
        return False
    place = old
    for index, key in enumerate(path):
        last = index == len(path) - 1
        place = place.setdefault(key, [] if last else {}) if isinstance(place, dict) else place[key]
    listed: Any = new
    for key in path:
        listed = listed[key]
    if item not in listed:
        return False
    place.insert(listed.index(item), item)
    return bool(old == new)
