"""From pydantic's errors to diagnostics: where, what and how to mend it. No message repeats a written value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from yett.access.keys import mask_keys
from yett.config.keys_at import keys_at
from yett.config.literals import SECRET_HINT
from yett.config.sections.base import Shape
from yett.config.sections.file import LATER_SECTIONS, FileShape
from yett.documents import join_pointer
from yett.model.diagnostic import Diagnostic
from yett.model.suggestion import did_you_mean

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from yett.documents import Document

_Wording = tuple[str, str, str]
"""Code, message, hint."""

_EXPECTED: Final = {
    "string_type": "text",
    "int_type": "a whole number",
    "bool_type": "`true` or `false`",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
_WITH_SETTINGS: Final = {
    "introspection": "{issuer: bank}",
    "webhook": "{app: forge, header: x-signature}",
}
"""Methods of identity that a list of names cannot hold, and settings of each."""
_SECRET_KEYS: Final = frozenset({"key", "value", "secret", "token", "literal", "password"})


def shape_mistakes(
    error: ValidationError, document: Document, file: str, root: type[Shape] = FileShape
) -> Iterator[Diagnostic]:
    """One diagnostic for each error; `root` is the shape that was validated, whose keys hints name."""
    details = [(parts_of(one["loc"], document.value), one) for one in error.errors(include_url=False)]
    told = {parts for parts, one in details if "-" in one["type"]}
    for parts, detail in details:
        if detail["type"] == "literal_error" and parts in told:
            continue  # An echo: a wrong duration is not `off` either, but what is wrong with it was said.
        code, message, hint = _word(detail, root)
        pointer = mask_keys(join_pointer(parts))
        yield Diagnostic(file, document.line_at(parts), pointer, code, mask_keys(message), mask_keys(hint))


def parts_of(loc: tuple[str | int, ...], value: Any) -> tuple[str | int, ...]:
    """The path in the document: without the tags that pydantic puts where a union was told apart."""
    parts: list[str | int] = []
    for part in loc:
        if _is_tag(part, value):
            continue
        parts.append(part)
        value = child_of(value, part)
    return tuple(parts)


def _is_tag(part: str | int, value: Any) -> bool:
    return isinstance(part, str) and not (isinstance(value, Mapping) and (part in value or not part.startswith("<")))


def child_of(value: Any, part: str | int) -> Any:
    """The entry of a mapping or list; `None` where there is none."""
    if isinstance(value, Mapping):
        return value.get(part)
    return value[part] if isinstance(value, list) and isinstance(part, int) and part < len(value) else None


def _word(detail: ErrorDetails, root: type[Shape]) -> _Wording:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _EXPECTED:
        return "wrong-type", f"expected {_EXPECTED[kind]}, found {_kind_of(detail['input'])}", ""
    match kind:
        case "extra_forbidden":
            return _unknown_key(detail, root)
        case "missing":
            hint = "a configuration file starts with `yett: 1`" if detail["loc"] == ("yett",) else ""
            return "missing-key", f"`{detail['loc'][-1]}` is missing", hint
        case "literal_error":
            return _unknown_value(detail, re.findall(r"'[^']*'|[0-9]+", context.get("expected", "")))
        case "secret-literal":
            return kind, detail["msg"], context.get("hint", SECRET_HINT)
        case "string_pattern_mismatch":
            return "form-invalid", f"the text does not have the form `{context['pattern']}`", ""
        case "too_short" if context["min_length"] > 1:
            return "out-of-range", f"this must have at least {context['min_length']} entries", ""
        case "string_too_short" | "too_short":
            return "out-of-range", "this must not be empty", ""
    if "-" in kind:
        return kind, context.get("message", detail["msg"]), context.get("hint", "")
    return "out-of-range", detail["msg"].replace("Input", "the value", 1), ""


def _unknown_key(detail: ErrorDetails, root: type[Shape]) -> _Wording:
    loc = detail["loc"]
    key = str(loc[-1])
    if root is FileShape and len(loc) == 1 and key in LATER_SECTIONS:
        return (
            "not-supported-yet",
            f"`{key}` is not yet supported in this version",
            "remove the section: it would have no effect",
        )
    if key.lower() in _SECRET_KEYS and isinstance(detail["input"], str):
        return "secret-literal", f"`{key}` would hold a secret in the clear", SECRET_HINT
    return "unknown-key", f"unknown key `{key}`", did_you_mean(key, keys_at(root, loc[:-1]))


def _unknown_value(detail: ErrorDetails, choices: list[str]) -> _Wording:
    if detail["loc"] == ("yett",):
        return "version-unsupported", "this version reads configuration format 1", "write `yett: 1`"
    value = detail["input"]
    texts = [choice.strip("'") for choice in choices]
    if isinstance(value, str) == (choices == texts):
        expected = "a number" if choices == texts else "text"
        return "wrong-type", f"expected {expected}, found {_kind_of(value)}", did_you_mean("", texts)
    # The message names the choices: a hint that lists them again would say nothing.
    near = did_you_mean(str(value), texts)
    if "identify" in detail["loc"] and value in _WITH_SETTINGS:
        near = f"`{value}` needs settings: write `identify: {{{value}: {_WITH_SETTINGS[value]}}}`"
    return (
        "unknown-value",
        f"expected one of {', '.join(f'`{choice}`' for choice in texts)}",
        "" if near.startswith("known: ") else near,
    )


def _kind_of(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "`true`" if value else "`false`"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "a mapping"
