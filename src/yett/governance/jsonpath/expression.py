"""The conditions of paths: `@.type === 'array' && !@.items`, a small part of ECMAScript that cannot do anything.

An expression is compiled once to a function of the place it is asked about. `null` is `None`, what is not there is
`UNDEFINED`; no expression raises: where ECMAScript would, the condition does not hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from yett.governance.jsonpath.patterns import Pattern, PatternError, pattern_of


class PathError(ValueError):
    """A path or a condition that cannot be read; the message says where, and ends a sentence."""


class Undefined:
    """The value of what is not there."""

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED: Final = Undefined()


@dataclass(slots=True)
class Place:
    """What a condition is asked about: a value, the key it stands under, and what it stands in."""

    value: Any
    key: str | int | None
    parent: Place | None
    root: Any

    @property
    def path(self) -> tuple[str | int, ...]:
        """The keys that lead here."""
        parts: list[str | int] = []
        place: Place | None = self
        while place is not None and place.parent is not None:
            parts.append(place.key if place.key is not None else "")
            place = place.parent
        return tuple(reversed(parts))


Evaluate = Callable[[Place], Any]

_TOKEN: Final = re.compile(
    r"""\s*(?:
    (?P<number>-?\d+(?:\.\d+)?)
    | (?P<text>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")
    | (?P<at>@(?:property|parentProperty|parent|path|root
        |string|number|boolean|null|array|object|integer|scalar)?(?:\(\))?)
    | (?P<name>[A-Za-z_$][\w$]*)
    | (?P<sign>===|!==|==|!=|<=|>=|&&|\|\||[-<>!()\[\],.])
    | (?P<regex>/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\[])+/[a-z]*)
    )""",
    re.VERBOSE,
)
_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "===": lambda a, b: bool(_same(a, b)),
    "!==": lambda a, b: not _same(a, b),
    "==": lambda a, b: bool(_alike(a, b)),
    "!=": lambda a, b: not _alike(a, b),
    "<": lambda a, b: _comparable(a, b) and a < b,
    ">": lambda a, b: _comparable(a, b) and a > b,
    "<=": lambda a, b: _comparable(a, b) and a <= b,
    ">=": lambda a, b: _comparable(a, b) and a >= b,
}
_CONSTANTS: Final = {"true": True, "false": False, "null": None, "undefined": UNDEFINED}
_DEEPEST: Final = 60


def compile_condition(text: str) -> Evaluate:
    """The function of a condition, whose result counts by `truth`. Raises `PathError`."""
    return _Parser(text).whole()


def truth(value: Any) -> bool:
    """Whether ECMAScript takes a value for true: empty lists and mappings are."""
    if value is True or value is False:
        return bool(value)
    if value is None or value is UNDEFINED or value == "":
        return False
    return not (isinstance(value, int | float) and value == 0)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(a: Any, b: Any) -> bool:
    if a.__class__ is str and b.__class__ is str:
        return bool(a == b)
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    return bool(a == b) if not isinstance(a, dict | list) else a is b


def _alike(a: Any, b: Any) -> bool:
    if a is None or a is UNDEFINED or b is None or b is UNDEFINED:
        return (a is None or a is UNDEFINED) and (b is None or b is UNDEFINED)
    return _same(a, b) or str(a) == str(b)


def _comparable(a: Any, b: Any) -> bool:
    return (_is_number(a) and _is_number(b)) or (isinstance(a, str) and isinstance(b, str))


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.depth = 0
        self.tokens = list(self._tokens())
        self.at = 0

    def _tokens(self) -> Any:
        at, text = 0, self.text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None or match.end() == at:
                raise PathError(f"the condition {text!r} cannot be read from {text[at : at + 12]!r} on")
            kind = match.lastgroup or ""
            yield kind, match[kind]
            at = match.end()

    def whole(self) -> Evaluate:
        found = self._either()
        if self.at < len(self.tokens):
            raise self._error()
        return found

    def _error(self) -> PathError:
        rest = self.tokens[self.at][1] if self.at < len(self.tokens) else "its end"
        return PathError(f"the condition {self.text!r} is not understood at {rest!r}")

    def _takes(self, *signs: str) -> str | None:
        if self.at < len(self.tokens) and self.tokens[self.at][0] == "sign" and self.tokens[self.at][1] in signs:
            self.at += 1
            return str(self.tokens[self.at - 1][1])
        return None

    def _needs(self, sign: str) -> None:
        if self._takes(sign) is None:
            raise self._error()

    def _either(self) -> Evaluate:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise PathError("the condition is nested too deep")
        left = self._both()
        while self._takes("||"):
            left = _or(left, self._both())
        self.depth -= 1
        return left

    def _both(self) -> Evaluate:
        left = self._compared()
        while self._takes("&&"):
            left = _and(left, self._compared())
        return left

    def _compared(self) -> Evaluate:
        left = self._single()
        while (sign := self._takes(*_COMPARE)) is not None:
            left = _compared(_COMPARE[sign], left, self._single())
        return left

    def _single(self) -> Evaluate:
        if self._takes("!"):
            inner = self._single()
            return lambda place: not truth(inner(place))
        if self._word("void"):
            self._single()
            return _constant(UNDEFINED)
        if self._word("typeof"):
            inner = self._single()
            return lambda place: _type_of(inner(place))
        return self._with_members(self._primary())

    def _word(self, name: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at] == ("name", name):
            self.at += 1
            return True
        return False

    def _primary(self) -> Evaluate:
        if self._takes("("):
            inner = self._either()
            self._needs(")")
            return inner
        if self._takes("["):
            items = self._arguments("]")
            return lambda place: [item(place) for item in items]
        if self.at >= len(self.tokens):
            raise self._error()
        kind, text = self.tokens[self.at]
        self.at += 1
        return self._leaf(kind, text)

    def _leaf(self, kind: str, text: str) -> Evaluate:
        match kind:
            case "number":
                return _constant(float(text) if "." in text else int(text))
            case "text":
                return _constant(re.sub(r"\\(.)", r"\1", text[1:-1]))
            case "regex":
                return _constant(_pattern(text))
            case "at":
                return _at(text)
            case "name" if text in _CONSTANTS:
                return _constant(_CONSTANTS[text])
            case _:
                self.at -= 1
                raise self._error()

    def _with_members(self, value: Evaluate) -> Evaluate:
        while True:
            if self._takes("."):
                kind, name = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
                if kind != "name":
                    raise self._error()
                self.at += 1
                value = self._call(value, name) if self._takes("(") else _member(value, _constant(name))
            elif self._takes("["):
                key = self._either()
                self._needs("]")
                value = _member(value, key)
            else:
                return value

    def _call(self, value: Evaluate, name: str) -> Evaluate:
        arguments = self._arguments(")")
        method = _METHODS.get(name)
        if method is None:
            raise PathError(f"the condition {self.text!r} calls {name!r}, which is not known")
        return lambda place: method(value(place), [argument(place) for argument in arguments])

    def _arguments(self, closing: str) -> list[Evaluate]:
        found: list[Evaluate] = []
        while not self._takes(closing):
            if found:
                self._needs(",")
            found.append(self._either())
        return found


def _constant(value: Any) -> Evaluate:
    return lambda _place: value


def _pattern(text: str) -> Pattern:
    try:
        return pattern_of(text)
    except PatternError as error:
        raise PathError(str(error)) from None


def _or(left: Evaluate, right: Evaluate) -> Evaluate:
    def evaluate(place: Place) -> Any:
        value = left(place)
        return value if truth(value) else right(place)

    return evaluate


def _and(left: Evaluate, right: Evaluate) -> Evaluate:
    def evaluate(place: Place) -> Any:
        value = left(place)
        return right(place) if truth(value) else value

    return evaluate


def _compared(compare: Callable[[Any, Any], bool], left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda place: compare(left(place), right(place))


def _type_of(value: Any) -> str:
    if value is UNDEFINED:
        return "undefined"
    if isinstance(value, bool):
        return "boolean"
    return "string" if isinstance(value, str) else "number" if _is_number(value) else "object"


def _member(value: Evaluate, key: Evaluate) -> Evaluate:
    def evaluate(place: Place) -> Any:
        holder, name = value(place), key(place)
        if isinstance(holder, dict):
            return holder.get(name, UNDEFINED)
        if isinstance(holder, list | str | tuple):
            if name == "length":
                return len(holder)
            if isinstance(name, int) and 0 <= name < len(holder):
                return holder[name]
        return UNDEFINED

    return evaluate


_CHECKS: Final[dict[str, Callable[[Any], bool]]] = {
    "@string": lambda value: isinstance(value, str),
    "@number": _is_number,
    "@boolean": lambda value: isinstance(value, bool),
    "@null": lambda value: value is None,
    "@array": lambda value: isinstance(value, list),
    "@object": lambda value: isinstance(value, dict),
    "@integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "@scalar": lambda value: not isinstance(value, dict | list),
}


def _at(text: str) -> Evaluate:
    text = text.removesuffix("()")
    if text in _CHECKS:
        check = _CHECKS[text]
        return lambda place: check(place.value)
    match text:
        case "@property":
            return lambda place: place.key
        case "@parentProperty":
            return lambda place: place.parent.key if place.parent else None
        case "@parent":
            return lambda place: place.parent.value if place.parent else None
        case "@path":
            return lambda place: "".join(
                ["$", *(f"['{part}']" if isinstance(part, str) else f"[{part}]" for part in place.path)]
            )
        case "@root":
            return lambda place: place.root
        case _:
            return lambda place: place.value


def _match(value: Any, arguments: list[Any]) -> Any:
    pattern = arguments[0] if arguments else None
    if isinstance(value, str) and isinstance(pattern, str):
        pattern = _pattern(pattern)
    return isinstance(pattern, Pattern) and isinstance(value, str) and pattern.search(value)


def _test(value: Any, arguments: list[Any]) -> Any:
    return (
        isinstance(value, Pattern) and bool(arguments) and isinstance(arguments[0], str) and value.search(arguments[0])
    )


def _includes(value: Any, arguments: list[Any]) -> Any:
    wanted = arguments[0] if arguments else None
    if isinstance(value, str):
        return isinstance(wanted, str) and wanted in value
    return isinstance(value, list) and any(_same(one, wanted) for one in value)


def _text_method(method: Callable[[str, Any], Any]) -> Callable[[Any, list[Any]], Any]:
    def call(value: Any, arguments: list[Any]) -> Any:
        argument = arguments[0] if arguments else None
        return method(value, argument) if isinstance(value, str) and isinstance(argument, str | None) else UNDEFINED

    return call


_METHODS: Final[dict[str, Callable[[Any, list[Any]], Any]]] = {
    "match": _match,
    "test": _test,
    "includes": _includes,
    "startsWith": _text_method(lambda text, start: text.startswith(start or "")),
    "endsWith": _text_method(lambda text, end: text.endswith(end or "")),
    "indexOf": _text_method(lambda text, part: text.find(part or "")),
    "toLowerCase": _text_method(lambda text, _: text.lower()),
    "toUpperCase": _text_method(lambda text, _: text.upper()),
    "trim": _text_method(lambda text, _: text.strip()),
    "toString": lambda value, _: "" if value is None else str(value),
}
