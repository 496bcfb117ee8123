"""Scripts of other programs: what is plainly an assertion or an extraction becomes one; nothing is ever run.

`pm.*` (Postman), `insomnia.*`, and `test`/`expect`/`res`/`bru` (Bruno) are read alike, and written so too.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from yett.collections.model import Assertion, Extraction, Operator, Script, Subject, is_sensible
from yett.collections.statements import LONGEST, body_of_test, split_statements, without_comments
from yett.documents import join_pointer, split_pointer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_STRING: Final = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_PATH: Final = rf"((?:\?\.\w+|\.[A-Za-z_$][\w$]*|\[\s*\d{{1,9}}\s*\]|\[\s*{_STRING}\s*\])*)"
_PATH_PART: Final = re.compile(rf"\??\.([A-Za-z_$][\w$]*)|\[\s*(\d{{1,9}})\s*\]|\[\s*({_STRING})\s*\]")
_HEADER_OF: Final = r"postman\.getResponseHeader|res\.getHeader"
_JSON_OF: Final = r"JSON\.parse\(responseBody\)|res\.(?:body|getBody\(\))"
_FORMS: Final[tuple[tuple[str, Subject], ...]] = (
    (r"(?:pm|insomnia)\.response\.code|responseCode\.code|res\.(?:status|getStatus\(\))", "status"),
    (r"(?:pm|insomnia)\.response\.responseTime|responseTime|res\.(?:responseTime|getResponseTime\(\))", "time"),
    (r"(?:pm|insomnia)\.response\.text\(\)|responseBody", "body"),
    (rf"(?:(?:pm|insomnia)\.response\.headers\.get|{_HEADER_OF})\(\s*({_STRING})\s*\)", "header"),
    (rf"res\.headers(?:\.([A-Za-z][\w-]*)|\[\s*({_STRING})\s*\])", "header"),
    (rf"(?:(?:pm|insomnia)\.response\.json\(\)|{_JSON_OF}){_PATH}", "json"),
)  # fmt: skip
_SUBJECTS: Final = tuple((re.compile(pattern), subject) for pattern, subject in _FORMS)
_ALIAS: Final = re.compile(r"(?:const|let|var)\s+([A-Za-z_$][\w$]*)\s*=\s*(.+)", re.DOTALL)
_SET: Final = re.compile(
    rf"(?:(?:pm|insomnia)\.(?:environment|collectionVariables|globals|variables|baseEnvironment)\.set"
    rf"|postman\.set(?:Environment|Global)Variable|bru\.set(?:Env)?Var)\(\s*({_STRING})\s*,\s*(.+?)\s*\)",
    re.DOTALL,
)
_EXPECT: Final = re.compile(
    r"(?:(?:pm|insomnia)\.)?expect\((.+)\)((?:\.(?:to|be|have|been|is|that|and|a))*)\.(.+)", re.DOTALL
)
_OLD_TEST: Final = re.compile(rf"tests\[\s*{_STRING}\s*\]\s*=\s*(.+?)\s*===?\s*(.+)", re.DOTALL)
_HAS: Final = re.compile(r"(?:pm|insomnia)\.response\.to\.(not\.)?have\.(status|header)\((.+)\)", re.DOTALL)
_IS: Final = re.compile(r"(?:pm|insomnia)\.response\.to\.be\.(ok|success|json)(?:\(\))?")
_CALL: Final = re.compile(r"(not\.)?(?:(?:to|be|have|deep|an?)\.)*([A-Za-z]+)(?:\((.*)\))?", re.DOTALL)

_OPERATORS: Final[dict[str, tuple[Operator, Operator | None]]] = {
    "eql": ("equals", "differs"), "equal": ("equals", "differs"), "equals": ("equals", "differs"),
    "eq": ("equals", "differs"), "include": ("contains", "lacks"), "includes": ("contains", "lacks"),
    "contain": ("contains", "lacks"), "contains": ("contains", "lacks"), "match": ("matches", None),
    "above": ("above", None), "greaterThan": ("above", None), "gt": ("above", None), "below": ("below", None),
    "lessThan": ("below", None), "lt": ("below", None), "oneOf": ("one-of", None), "a": ("type", None),
    "an": ("type", None), "lengthOf": ("size", None), "length": ("size", None),
}  # fmt: skip
_LONGEST_STATEMENT: Final = 2_000
"""Characters; what is plain is short, and the patterns take time that grows with the square of the white space."""
_TYPES: Final = frozenset({"string", "number", "boolean", "object", "array", "null"})


@dataclass(frozen=True, slots=True)
class Translation:
    """What a script's statements were understood to say, and how many there are and were understood."""

    assertions: tuple[Assertion, ...] = ()
    extractions: tuple[Extraction, ...] = ()
    statements: int = 0
    understood: int = 0

    @property
    def whole(self) -> bool:
        """Whether nothing but what was understood is in the script."""
        return self.statements == self.understood


class _NotPlainError(Exception):
    """A statement that has to be run to know what it means."""


def translate(text: str) -> Translation:
    """What a script plainly says. Statements inside of conditions and loops are not plain."""
    if len(text) > LONGEST:
        return Translation(statements=1)
    reader = _Reader()
    for statement in split_statements(without_comments(text)):
        reader.statement(statement)
    return Translation(tuple(reader.assertions), tuple(reader.extractions), reader.statements, reader.understood)


_Point = tuple[Subject, str]


class _Reader:
    def __init__(self) -> None:
        self.assertions: list[Assertion] = []
        self.extractions: list[Extraction] = []
        self.statements = self.understood = 0
        self.aliases: dict[str, _Point] = {}

    def statement(self, text: str) -> None:
        body = body_of_test(text)
        for one in [text] if body is None else split_statements(body):
            self.statements += 1
            known = len(self.assertions)
            try:
                self.plain(one)
                if not all(map(is_sensible, self.assertions[known:])):
                    del self.assertions[known:]
                    continue
            except (_NotPlainError, ValueError, RecursionError):
                continue
            self.understood += 1

    def plain(self, text: str) -> None:
        if len(text) > _LONGEST_STATEMENT:
            raise _NotPlainError
        if found := _ALIAS.fullmatch(text):
            self.aliases.pop(found[1], None)
            self.aliases[found[1]] = self.point(found[2])
        elif found := _SET.fullmatch(text):
            self.extractions.append(self.extraction(_literal(found[1]), found[2]))
        elif found := _HAS.fullmatch(text):
            self.assertions.append(self.has(found[2], found[3], negated=bool(found[1])))
        elif found := _IS.fullmatch(text):
            self.assertions.append(_IS_MEANS[found[1]])
        elif found := _EXPECT.fullmatch(text):
            self.assertions.append(self.expectation(found[1].strip(), found[3].strip()))
        elif found := _OLD_TEST.fullmatch(text):
            subject, at = self.point(found[1])
            self.assertions.append(Assertion(subject, "equals", _literal(found[2]), at))
        else:
            raise _NotPlainError

    def has(self, what: str, given: str, *, negated: bool) -> Assertion:
        values = _literals(given)
        if what == "status" and len(values) == 1 and isinstance(values[0], int):
            return Assertion("status", "differs" if negated else "equals", values[0])
        if what == "header" and values and isinstance(values[0], str):
            if len(values) == 2 and not negated:
                return Assertion("header", "equals", str(values[1]), values[0].lower())
            if len(values) == 1:
                return Assertion("header", "exists", not negated, values[0].lower())
        raise _NotPlainError

    def extraction(self, name: Any, value: str) -> Extraction:
        subject, at = self.point(value)
        if not isinstance(name, str) or subject not in ("header", "json", "body", "status"):
            raise _NotPlainError
        return Extraction(name, subject, at)

    def point(self, text: str) -> _Point:
        text = text.strip()
        for pattern, subject in _SUBJECTS:
            if found := pattern.fullmatch(text):
                return subject, _at(subject, found)
        alias = re.fullmatch(rf"([A-Za-z_$][\w$]*){_PATH}", text)
        if alias and alias[1] in self.aliases:
            subject, at = self.aliases[alias[1]]
            if subject == "json" or not alias[2]:
                return subject, at + _pointer(alias[2])
        raise _NotPlainError

    def expectation(self, given: str, chain: str) -> Assertion:
        call = _CALL.fullmatch(chain)
        if call is None:
            raise _NotPlainError
        negated, name, argument = bool(call[1]), call[2], call[3]
        if given.endswith(".length") and name in ("eql", "equal", "eq") and not negated and argument is not None:
            subject, at = self.point(given.removesuffix(".length"))
            return Assertion(subject, "size", _literal(argument), at)
        subject, at = self.point(given)
        if argument is None:
            return _state(subject, at, name, negated=negated)
        if name == "property" and subject == "json":
            return _property(at, _literals(argument), negated=negated)
        usual, opposite = _OPERATORS.get(name, (None, None))
        operator = opposite if negated else usual
        if operator is None:
            raise _NotPlainError
        value = _pattern(argument) if operator == "matches" else _literal(argument)
        if operator == "type" and value not in _TYPES:
            raise _NotPlainError
        return Assertion(subject, operator, value, at)


_IS_MEANS: Final = {
    "ok": Assertion("status", "equals", 200),
    "success": Assertion("status", "matches", "2xx"),
    "json": Assertion("header", "contains", "json", "content-type"),
}


def _state(subject: Subject, at: str, name: str, *, negated: bool) -> Assertion:
    """What is said without an argument: `to.exist`, `to.be.undefined`, `to.be.true`."""
    if name in ("exist", "ok") and subject in ("json", "header"):
        return Assertion(subject, "exists", not negated, at)
    if name == "undefined" and subject in ("json", "header"):
        return Assertion(subject, "exists", negated, at)
    if name in ("true", "false", "null") and subject == "json":
        value = {"true": True, "false": False, "null": None}[name]
        return Assertion(subject, "differs" if negated else "equals", value, at)
    raise _NotPlainError


def _property(at: str, values: list[Any], *, negated: bool) -> Assertion:
    if not values or not isinstance(values[0], str):
        raise _NotPlainError
    at += join_pointer([values[0]])
    if len(values) == 2:
        return Assertion("json", "differs" if negated else "equals", values[1], at)
    return Assertion("json", "exists", not negated, at)


def _at(subject: Subject, found: re.Match[str]) -> str:
    held = [one for one in found.groups() if one is not None]
    if subject == "json":
        return _pointer(held[0] if held else "")
    if subject == "header" and held:
        name = _literal(held[0]) if held[0][0] in "'\"" else held[0]
        return str(name).lower()
    return ""


def _pointer(path: str) -> str:
    return join_pointer([one[1] or one[2] or str(_literal(one[3])) for one in _PATH_PART.finditer(path)])


def _literal(text: str) -> Any:
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] == "'":
        # As JSON quotes it.
        text = '"' + re.sub(r"\\'", "'", text[1:-1]).replace('"', '\\"') + '"'
    return json.loads(text, parse_constant=_refuse)


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _literals(text: str) -> list[Any]:
    singles = re.sub(r"'((?:[^'\\]|\\.)*)'", lambda found: json.dumps(found[1]), text)
    values: list[Any] = json.loads(f"[{singles}]", parse_constant=_refuse)
    return values


def _pattern(text: str) -> str:
    text = text.strip()
    if found := re.fullmatch(r"/(.+)/", text, re.DOTALL):
        return found[1]
    if found := re.fullmatch(rf"new RegExp\(\s*({_STRING})\s*\)", text):
        return str(_literal(found[1]))
    raise _NotPlainError


_CALLS: Final[dict[Operator, str]] = {
    "equals": "to.eql", "differs": "to.not.eql", "one-of": "to.be.oneOf", "contains": "to.include",
    "lacks": "to.not.include", "above": "to.be.above", "below": "to.be.below", "type": "to.be.a",
    "size": "to.have.lengthOf",
}  # fmt: skip


def written(
    assertions: Iterable[Assertion], extractions: Iterable[Extraction], prefix: str
) -> tuple[list[str], list[Assertion]]:
    """The lines of a script that says the same, and the assertions that no script says. `prefix` is `pm` or so."""
    lines: list[str] = []
    lost: list[Assertion] = []
    for one in assertions:
        line = _written_one(one, prefix)
        if line is None:
            lost.append(one)
        else:
            lines.append(f"{prefix}.test({json.dumps(sentence(one))}, () => {{ {line}; }});")
    for taken in extractions:
        value = _written_point(taken.source, taken.at, prefix)
        lines.append(f"{prefix}.environment.set({json.dumps(taken.variable)}, {value});")
    return lines, lost


def _written_one(one: Assertion, prefix: str) -> str | None:
    if one.subject == "contract":
        return None
    if one.subject == "status" and one.operator == "matches":
        return f"{prefix}.response.to.be.success" if one.value == "2xx" else None
    if one.subject == "status" and one.operator == "equals":
        return f"{prefix}.response.to.have.status({json.dumps(one.value)})"
    subject = f"{prefix}.expect({_written_point(one.subject, one.at, prefix)})"
    if one.operator == "exists":
        return f"{subject}.to.{'not.' if one.value else ''}be.undefined"
    if one.operator == "matches":
        return f"{subject}.to.match(new RegExp({json.dumps(one.value)}))"
    return f"{subject}.{_CALLS[one.operator]}({json.dumps(one.value)})"


def _written_point(subject: str, at: str, prefix: str) -> str:
    if subject == "json":
        path = "".join(f"[{part if _is_index(part) else json.dumps(part)}]" for part in split_pointer(at))
        return f"{prefix}.response.json(){path}"
    if subject == "header":
        return f"{prefix}.response.headers.get({json.dumps(at)})"
    return f"{prefix}.response." + {"status": "code", "time": "responseTime", "body": "text()"}[subject]


def _is_index(part: str) -> bool:
    return part.isascii() and part.isdigit() and len(part) < 10 and str(int(part)) == part


_SAYS: Final[dict[Operator, str]] = {
    "equals": "is", "differs": "is not", "one-of": "is one of", "matches": "matches", "contains": "contains",
    "lacks": "does not contain", "above": "is above", "below": "is below", "type": "is of type", "size": "has size",
}  # fmt: skip


def sentence(one: Assertion) -> str:
    """An assertion in words."""
    what = {"json": f"json {one.at or '/'}", "header": f"header {one.at}", "time": "time in ms"}
    if one.subject == "contract":
        return "the answer fits the contract" if one.value is not False else "the answer does not fit the contract"
    subject = what.get(one.subject, one.subject)
    if one.operator == "exists":
        return f"{subject} is there" if one.value else f"{subject} is not there"
    return f"{subject} {_SAYS[one.operator]} {json.dumps(one.value, ensure_ascii=False)[:200]}"


def joined(scripts: Sequence[Script]) -> str:
    """Several scripts as one."""
    return "\n".join(one.text for one in scripts)


def point_of(expression: str) -> _Point | None:
    """The part of an answer that an expression names; `None` where it computes something."""
    try:
        return _Reader().point(expression) if len(expression) <= _LONGEST_STATEMENT else None
    except (_NotPlainError, ValueError, RecursionError):
        return None
