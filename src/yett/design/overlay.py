"""Changes laid over a contract: the OpenAPI Overlay Specification 1.0.

An overlay is a list of actions, each with a JSONPath that says where, and what to merge in there or that it goes. They
are done in order, each on what the ones before it have left.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from yett.design.copies import fresh
from yett.documents import Limits, join_pointer
from yett.governance.jsonpath import Index, PathError, compile_path
from yett.model.diagnostic import Diagnostic, Severity, has_errors, in_order
from yett.model.suggestion import did_you_mean

if TYPE_CHECKING:
    from yett.documents import Document
    from yett.governance.jsonpath import Path, Place

_VERSION: Final = re.compile(r"1\.0\.\d+\Z")
_KEYS: Final = ("overlay", "info", "extends", "actions")
_ACTION_KEYS: Final = ("target", "description", "update", "remove")
_NOTHING: Final = object()
_PATH_HINT: Final = "write a JSONPath such as $.paths['/books'].get"
MOST_ACTIONS: Final = 10_000
"""An overlay with more is refused."""
MOST_ADDED: Final = 2_000_000
"""Values that an overlay may add: actions that match what the ones before have added would double them for ever."""


@dataclass(frozen=True, slots=True)
class _Action:
    target: Path
    update: Any
    remove: bool
    pointer: str


def is_overlay(document: Document) -> bool:
    """Whether a document says that it is an overlay."""
    return isinstance(document.value, dict) and "overlay" in document.value


def extends_of(overlay: Document) -> str:
    """The address of the contract that an overlay is for; empty where it does not say."""
    address = overlay.value.get("extends", "") if isinstance(overlay.value, dict) else ""
    return address if isinstance(address, str) else ""


def apply_overlay(value: Any, overlay: Document, *, strict: bool = False) -> tuple[Any, tuple[Diagnostic, ...]]:
    """What a contract becomes under an overlay, and all that is wrong with the overlay; `value` stays as it is.

    Nothing is done where the overlay itself has errors. A target that matches nothing is warned of; under `strict` it
    is an error.
    """
    reader = _Reader(overlay)
    actions = reader.actions()
    if has_errors(reader.found):
        return value, in_order(reader.found)
    changed = fresh(value)
    missing: Severity = "error" if strict else "warning"
    for action in actions:
        changed = _apply(changed, action, reader, missing)
        if reader.added > MOST_ADDED:
            break
    if _is_too_deep(changed):
        message = f"mappings and lists are nested more than {Limits().max_depth} deep with the overlay"
        reader.note("/actions", "overlay-too-deep", message, "flatten the updates")
    return changed, in_order(reader.found)


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(Limits().max_depth + 1):
        level = [each for one in level for each in _held(one) if isinstance(each, dict | list)]
    return bool(level)


class _Reader:
    """Reads an overlay, and notes every mistake with its line."""

    def __init__(self, overlay: Document) -> None:
        self.overlay = overlay
        self.found: list[Diagnostic] = []
        self.added = 0

    def note(self, pointer: str, code: str, message: str, hint: str, severity: Severity = "error") -> None:
        line = self.overlay.line(pointer)
        self.found.append(Diagnostic(self.overlay.file, line, pointer, code, message, hint, severity))

    def actions(self) -> list[_Action]:
        value = self.overlay.value
        if not isinstance(value, dict) or "overlay" not in value:
            self.note("", "overlay-invalid", "the document is no overlay", "write overlay: 1.0.0")
            return []
        self._head(value)
        listed = value.get("actions")
        if not isinstance(listed, list) or not listed or len(listed) > MOST_ACTIONS:
            hint = "list them: actions: [{target: $.info, update: {...}}]"
            self.note("/actions", "overlay-invalid", "an overlay has a list of actions", hint)
            return []
        made = [self._action(one, f"/actions/{index}") for index, one in enumerate(listed)]
        return [one for one in made if one is not None]

    def _head(self, value: dict[str, Any]) -> None:
        version = value["overlay"]
        if not isinstance(version, str) or not _VERSION.match(version):
            message = "this version of the Overlay Specification is not known"
            self.note("/overlay", "overlay-version", message, "write overlay: 1.0.0, as text")
        info = value.get("info")
        for key in ("title", "version"):
            if not isinstance(info, dict) or not isinstance(info.get(key), str):
                self.note(
                    "/info", "overlay-invalid", f"info.{key} is missing", "write info: {title: ..., version: 1.0.0}"
                )
        if not isinstance(value.get("extends", ""), str):
            self.note("/extends", "overlay-invalid", "extends must be the address of a contract", "write it as text")
        self._keys(value, _KEYS, "")

    def _keys(self, value: dict[str, Any], known: tuple[str, ...], pointer: str) -> None:
        for key in value:
            if key not in known and not key.startswith("x-"):
                place = f"{pointer}{join_pointer([key])}"
                self.note(place, "unknown-key", f"{key[:60]!r} is not known here", did_you_mean(key, known))

    def _action(self, value: Any, pointer: str) -> _Action | None:
        if not isinstance(value, dict):
            self.note(pointer, "overlay-invalid", "an action is a mapping", "write {target: ..., update: ...}")
            return None
        self._keys(value, _ACTION_KEYS, pointer)
        remove = value.get("remove", False)
        if not isinstance(remove, bool):
            self.note(f"{pointer}/remove", "overlay-invalid", "remove is true or false", "write remove: true")
        if remove is not True and "update" not in value:
            self.note(pointer, "overlay-invalid", "the action does nothing", "say what to `update`, or remove: true")
        try:
            target = compile_path(value["target"]) if isinstance(value.get("target"), str) else None
        except PathError as error:
            self.note(
                f"{pointer}/target", "overlay-target", str(error), "write a JSONPath such as $.paths['/books'].get"
            )
            return None
        if target is None or target.keys:
            message = "the action needs a target, a JSONPath to values"
            self.note(pointer, "overlay-target", message, _PATH_HINT)
            return None
        return _Action(target, value.get("update", _NOTHING), remove is True, pointer)


def _apply(value: Any, action: _Action, reader: _Reader, missing: Severity) -> Any:
    places = list(action.target.places(Index(value)))
    if not places:
        message = f"{action.target.text[:100]} matches nothing"
        hint = "check the spelling; a path says where in the contract as the actions before have left it"
        reader.note(f"{action.pointer}/target", "overlay-no-match", message, hint, missing)
    reader.added += 0 if action.remove else len(places) * _size(action.update)
    if reader.added > MOST_ADDED:
        message = f"the overlay adds more than {MOST_ADDED} values"
        reader.note(f"{action.pointer}/target", "overlay-too-large", message, "name the places more narrowly")
        return value
    if action.remove:
        return _remove(value, places, action, reader)
    for place in places:
        if isinstance(place.value, dict) and isinstance(action.update, dict):
            _merge(place.value, action.update)
        elif isinstance(place.value, list):
            added = action.update if isinstance(action.update, list) else [action.update]
            place.value.extend(fresh(added))
        else:
            what = join_pointer(place.path) or "the whole document"
            message = f"{what[:100]} cannot take the update: an object takes an object, a list takes entries"
            reader.note(f"{action.pointer}/update", "overlay-update", message, "target what holds the value")
    return value


def _held(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _size(value: Any) -> int:
    """How many values a value consists of, itself among them."""
    count, waiting = 0, [value]
    while waiting:
        count += 1
        waiting.extend(_held(waiting.pop()))
    return count


def _remove(value: Any, places: list[Place], action: _Action, reader: _Reader) -> Any:
    # Of a list, the last first: what stands before keeps its place.
    for place in sorted(places, key=lambda one: one.key if isinstance(one.key, int) else 0, reverse=True):
        if place.parent is None:
            message = "the whole document cannot be removed"
            reader.note(f"{action.pointer}/target", "overlay-remove", message, "target what is to go")
        else:
            del place.parent.value[place.key]
    return value


def _merge(into: dict[str, Any], update: dict[str, Any]) -> None:
    """Objects are merged, lists grow, and everything else is replaced."""
    for key, new in update.items():
        old = into.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            _merge(old, new)
        elif isinstance(old, list) and isinstance(new, list):
            old.extend(fresh(new))
        else:
            into[key] = fresh(new)
