"""The kinds of property that a new contract knows, each with bounds and an example."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from yett.design.resources import Property

KINDS: Final[dict[str, tuple[dict[str, Any], Any]]] = {
    "string": ({"type": "string", "minLength": 1, "maxLength": 200}, ""),
    "text": ({"type": "string", "maxLength": 4000}, ""),
    "integer": ({"type": "integer", "format": "int32", "minimum": 0, "maximum": 2_147_483_647}, 3),
    "number": ({"type": "number", "minimum": 0, "maximum": 1_000_000_000}, 9.5),
    "boolean": ({"type": "boolean"}, True),
    "date": ({"type": "string", "format": "date", "maxLength": 10}, "2026-03-01"),
    "date-time": ({"type": "string", "format": "date-time", "maxLength": 40}, "2026-03-01T09:30:00Z"),
    "email": ({"type": "string", "format": "email", "maxLength": 254}, "reader@example.com"),
    "uri": ({"type": "string", "format": "uri", "maxLength": 2000}, "https://example.com/a"),
    "uuid": ({"type": "string", "format": "uuid", "maxLength": 36}, "3f2b8a52-5e0a-4c1e-9f63-7d2f4b8e1a90"),
}
"""By name: the schema, and an example; an empty one is made from the property's name."""

_MOST_LISTED: Final = 100

# Names that say personal data, and the class it has. What is classified can be masked, exported and erased.
_PERSONAL: Final = (
    (r"e_?mail|email_?address", "pii.email"),
    (r"phone|phone_?number|mobile", "pii.phone"),
    (r"ssn|passport_?number|tax_?id", "pii.identity"),
    (r"iban", "pii.account"),
    (r"birth_?date|date_?of_?birth", "pii.birth"),
    (r"first_?name|last_?name|surname|full_?name", "pii.name"),
)
_SECRET: Final = re.compile(r"(password|passwd|secret|client_?secret|api_?key|private_?key)\Z", re.IGNORECASE)


def schema_of(one: Property) -> dict[str, Any]:
    """The schema of a property, with bounds, and classified where its name says personal data or a secret."""
    schema: dict[str, Any] = {"type": "string", "enum": list(one.choices)} if one.choices else dict(KINDS[one.kind][0])
    if one.listed:
        schema = {"type": "array", "maxItems": _MOST_LISTED, "items": schema}
    if is_secret(one.name):
        schema["writeOnly"] = True
        schema["x-yett-data"] = {"class": "secret"}
    elif found := next((kind for names, kind in _PERSONAL if re.fullmatch(names, one.name, re.IGNORECASE)), None):
        schema["x-yett-data"] = {"class": found}
    return schema


def example_of(one: Property) -> Any:
    """A value that fits the schema of a property."""
    value = one.choices[0] if one.choices else KINDS[one.kind][1]
    if value == "":
        value = f"Example {re.sub(r'([A-Z])|_', lambda found: ' ' + (found[1] or '').lower(), one.name)}"
    return [value] if one.listed else value


def is_secret(name: str) -> bool:
    """Whether a property of that name must never come back."""
    return _SECRET.match(name) is not None
