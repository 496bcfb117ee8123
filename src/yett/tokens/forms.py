"""Forms (`application/x-www-form-urlencoded`) as OAuth uses them: each parameter once, but for two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote_to_bytes

from yett.tokens.faults import Fault, invalid_request

MAX_BODY_BYTES: Final = 64 << 10
_MAX_PARAMETERS: Final = 64
_REPEATABLE: Final = frozenset({"resource", "audience"})


class Form:
    """The parameters of a request. One without a value counts as left out (RFC 6749 section 3.2)."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, tuple[str, ...]]) -> None:
        self._values = values

    def get(self, name: str) -> str | None:
        """The parameter's only value; `None` where there is none."""
        found = self._values.get(name, ())
        return found[0] if found else None

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a parameter that may be repeated."""
        return self._values.get(name, ())

    def need(self, name: str) -> str:
        """The parameter's value. Raises `Fault` where there is none."""
        if (value := self.get(name)) is None:
            raise invalid_request(f"{name} is missing")
        return value


def read_form(body: bytes, content_type: str) -> Form:
    """The form that a request carries. Raises `Fault`, which repeats nothing of it but the names that are ours."""
    if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise invalid_request("the body must be application/x-www-form-urlencoded")
    pairs = body.split(b"&") if body else []
    if len(body) > MAX_BODY_BYTES or len(pairs) > _MAX_PARAMETERS:
        raise Fault("invalid_request", "the form is too large", 413)
    values: dict[str, tuple[str, ...]] = {}
    for pair in pairs:
        name, _, value = pair.partition(b"=")
        name_text, value_text = unescape(name), unescape(value)
        if not value_text:
            continue
        if name_text in values and name_text not in _REPEATABLE:
            raise invalid_request("a parameter is given more than once")
        values[name_text] = (*values.get(name_text, ()), value_text)
    return Form(values)


def unescape(text: bytes) -> str:
    """The text of a name or value in a form. Raises `Fault` where it is not UTF-8 or has control characters in it."""
    try:
        plain = unquote_to_bytes(text.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        raise invalid_request("the form is not UTF-8") from None
    if any(character < " " or character == "\x7f" for character in plain):
        raise invalid_request("the form holds control characters")
    return plain
