"""What Bruno's assertions and variables say: `res.body.items[0].id` and `eq 7`, in both of its forms."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from yett.collections.model import Assertion, Extraction, Operator, is_sensible
from yett.collections.scripts import point_of
from yett.documents import split_pointer

_OPERATORS: Final[dict[str, Operator]] = {
    "eq": "equals", "neq": "differs", "gt": "above", "lt": "below", "in": "one-of", "contains": "contains",
    "notContains": "lacks", "matches": "matches", "length": "size",
}  # fmt: skip
_STATES: Final[dict[str, tuple[Operator, Any]]] = {
    "isDefined": ("exists", True), "isUndefined": ("exists", False), "isNull": ("equals", None),
    "isTruthy": ("equals", True), "isFalsy": ("equals", False), "isNumber": ("type", "number"),
    "isString": ("type", "string"), "isBoolean": ("type", "boolean"), "isArray": ("type", "array"),
    "isJson": ("type", "object"),
}  # fmt: skip
_WRITTEN: Final = {operator: name for name, operator in _OPERATORS.items()}
_TYPES: Final = {
    "number": "isNumber",
    "string": "isString",
    "boolean": "isBoolean",
    "array": "isArray",
    "object": "isJson",
}


def assertion_of(expression: str, operator: str, value: str) -> Assertion | None:
    """The assertion; `None` where it is none that ours can say."""
    point = point_of(expression)
    if point is None or len(value) > 10_000:
        return None
    subject, at = point
    if operator in _STATES:
        known, wanted = _STATES[operator]
        made = Assertion(subject, known, wanted, at)
    elif (
        operator == "between"
        and subject == "status"
        and (found := re.fullmatch(r"([1-5])00\s*,\s*\1(?:99)", value.strip()))
    ):
        made = Assertion("status", "matches", f"{found[1]}xx")
    elif operator in _OPERATORS:
        made = Assertion(subject, _OPERATORS[operator], _value(operator, value), at)
    else:
        return None
    return made if is_sensible(made) else None


def _value(operator: str, text: str) -> Any:
    text = text.strip()
    if operator == "in" and not text.startswith("["):
        text = f"[{text}]"
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        single = re.fullmatch(r"'(.*)'", text, re.DOTALL)
        return single[1] if single else text
    if operator == "matches":
        return value if isinstance(value, str) else text
    return value


def extraction_of(name: str, expression: str) -> Extraction | None:
    """The variable that is taken; `None` where the expression computes something."""
    point = point_of(expression)
    if point is None or point[0] not in ("json", "header", "status"):
        return None
    return Extraction(name, point[0], point[1])


def written_assertion(one: Assertion) -> tuple[str, str, str] | None:
    """The expression, the operator and the value; `None` where Bruno cannot say it."""
    expression = written_point(one.subject, one.at)
    if expression is None:
        return None
    if one.subject == "status" and one.operator == "matches":
        found = re.fullmatch(r"([1-5])xx", str(one.value))
        return (expression, "between", f"{found[1]}00, {found[1]}99") if found else None
    if one.operator == "exists":
        return expression, "isDefined" if one.value else "isUndefined", ""
    if one.operator == "type":
        return (expression, _TYPES[one.value], "") if one.value in _TYPES else None
    value = json.dumps(one.value, ensure_ascii=True)
    return expression, _WRITTEN[one.operator], value


def written_point(subject: str, at: str) -> str | None:
    """The expression for a part of an answer."""
    if subject == "json":
        path = "".join(f"[{part}]" if _is_index(part) else f"[{json.dumps(part)}]" for part in split_pointer(at))
        return f"res.body{path}"
    if subject == "header":
        return f"res.headers[{json.dumps(at)}]"
    return {"status": "res.status", "time": "res.responseTime"}.get(subject)


def _is_index(part: str) -> bool:
    return part.isascii() and part.isdigit() and len(part) < 10 and str(int(part)) == part
