"""Checks of the operations of an OpenAPI document, 2.0 and 3."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from yett.governance.functions.values import shown
from yett.governance.rule import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yett.governance.rule import Question
    from yett.governance.subject import Subject

METHODS: Final = ("get", "head", "post", "put", "patch", "delete", "options", "trace")
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
_EXPRESSION: Final = re.compile(r"\{([^{}/]*)\}")
_SCOPED: Final = "oauth2"

Path = tuple[str | int, ...]


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def operations_of(paths: Any) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Each operation under `paths`, with the way to it from there."""
    for path, item in _mapping(paths).items():
        for method in METHODS:
            operation = _mapping(item).get(method)
            if isinstance(operation, dict):
                yield (path, method), operation


def success_response(value: Any, _options: Any, question: Question) -> Iterator[Problem]:
    """An operation must say what a success, or a redirection, looks like."""
    if not isinstance(value, dict):
        return
    ranges = bool(question.subject.formats & {"oas3"})
    good = any(
        re.fullmatch(r"[23]\d\d", str(code)) or (ranges and re.fullmatch(r"[23]XX", str(code))) for code in value
    )
    if not good:
        yield Problem('operation must define at least a single "2xx" or "3xx" response')


def form_consumes(value: Any, _options: Any, _question: Question) -> Iterator[Problem]:
    """An operation of OpenAPI 2 that takes a form must say that it consumes one."""
    operation = _mapping(value)
    parameters = operation.get("parameters")
    if not isinstance(parameters, list) or not any(_mapping(one).get("in") == "formData" for one in parameters):
        return
    consumes = operation.get("consumes")
    if not isinstance(consumes, list) or not any(isinstance(one, str) and one.startswith(_FORMS) for one in consumes):
        yield Problem(f"consumes must include {' or '.join(_FORMS)} when using formData parameter")


def unique_ids(value: Any, _options: Any, _question: Question) -> Iterator[Problem]:
    """No two operations may have the same id."""
    seen: set[str] = set()
    for path, operation in operations_of(value):
        operation_id = operation.get("operationId")
        if not isinstance(operation_id, str):
            continue
        if operation_id in seen:
            yield Problem("operationId must be unique.", (*path, "operationId"))
        seen.add(operation_id)


def parameters(value: Any, _options: Any, question: Question) -> Iterator[Problem]:
    """No parameter may be there twice, nor two bodies, nor a body beside a form."""
    if not isinstance(value, list):
        return
    seen: set[tuple[Any, Any]] = set()
    count = {"body": 0, "formData": 0}
    for index, entry in enumerate(value):
        parameter = _followed(question.subject, entry)
        if "in" not in parameter or "name" not in parameter:
            continue
        key = (str(parameter["in"]), str(parameter["name"]))
        if key in seen:
            yield Problem(
                'A parameter in this operation already exposes the same combination of "name" and "in" values.',
                (index,),
            )
        seen.add(key)
        if parameter["in"] in count:
            count[parameter["in"]] += 1
            if parameter["in"] == "body" and count["body"] > 1 and "oas2" in question.subject.formats:
                yield Problem(
                    'Operation must not have more than a single instance of the "in:body" parameter.', (index,)
                )
    if "oas2" in question.subject.formats and count["body"] and count["formData"]:
        yield Problem('Operation must not have both "in:body" and "in:formData" parameters.')


def _followed(subject: Subject, entry: Any) -> dict[str, Any]:
    for _ in range(16):
        if not isinstance(entry, dict) or not isinstance(entry.get("$ref"), str):
            break
        target = subject.target(entry["$ref"])
        entry = target.value if target is not None else None
    return _mapping(entry)


def tags_defined(value: Any, _options: Any, question: Question) -> Iterator[Problem]:
    """The tags of operations must be among those of the document."""
    root = _mapping(question.subject.root)
    tags = root.get("tags")
    known = {_mapping(one).get("name") for one in tags} if isinstance(tags, list) else set()
    for path, operation in operations_of(_mapping(value).get("paths")):
        listed = operation.get("tags")
        for index, tag in enumerate(listed if isinstance(listed, list) else ()):
            if tag not in known:
                yield Problem("Operation tags must be defined in global tags.", ("paths", *path, "tags", index))


def security_defined(value: Any, options: Any, question: Question) -> Iterator[Problem]:
    """What `security` asks for must be defined (`schemesPath` leads there), scopes too."""
    schemes: Any = question.subject.root
    for part in options["schemesPath"]:
        schemes = _mapping(schemes).get(part)
    known = _mapping(schemes)
    root = _mapping(value)
    yield from _requirements(root.get("security"), known, ("security",), question)
    for path, operation in operations_of(root.get("paths")):
        yield from _requirements(operation.get("security"), known, ("paths", *path, "security"), question)


def _requirements(listed: Any, schemes: dict[str, Any], at: Path, question: Question) -> Iterator[Problem]:
    for index, requirement in enumerate(listed if isinstance(listed, list) else ()):
        for name, scopes in _mapping(requirement).items():
            if name not in schemes:
                where = "securityDefinitions" if "oas2" in question.subject.formats else "components.securitySchemes"
                text = f'API "security" values must match a scheme defined in the "{where}" object.'
                yield Problem(text if len(at) == 1 else text.replace("API", "Operation", 1), (*at, index, name))
                continue
            scheme = _followed(question.subject, schemes[name])
            known = _scopes(scheme) if isinstance(schemes[name], dict) else set()
            if known is None:
                continue
            for number, scope in enumerate(scopes if isinstance(scopes, list) else ()):
                if scope not in known:
                    yield Problem(f"{shown(scope)} must be listed among scopes.", (*at, index, name, number))


def _scopes(scheme: dict[str, Any]) -> set[str] | None:
    """The scopes that a scheme lists; `None` where it lists none because it has none to list."""
    if scheme.get("type") != _SCOPED:
        return None
    flows = _mapping(scheme.get("flows"))
    listed = [_mapping(scheme.get("scopes")), *(_mapping(_mapping(flow).get("scopes")) for flow in flows.values())]
    return {scope for scopes in listed for scope in scopes}


def path_parameters(value: Any, _options: Any, question: Question) -> Iterator[Problem]:
    """What a path names must be defined once, required, and used; no two paths may be the same but for names."""
    forms: dict[str, str] = {}
    for path, item in _mapping(value).items():
        form = _EXPRESSION.sub("%", str(path))
        if form in forms:
            yield Problem(
                f"Paths {shown(forms[form])} and {shown(path)} must not be equivalent.", ("paths", path), absolute=True
            )
        else:
            forms[form] = str(path)
        yield from _of_path(str(path), _mapping(item), question.subject)


def _of_path(path: str, item: dict[str, Any], subject: Subject) -> Iterator[Problem]:
    at: Path = ("paths", path)
    # How a value is written (`{;id*}`) is not part of its name.
    names = [name.strip(";?*#+./&") for name in _EXPRESSION.findall(path)]
    for name in sorted({name for name in names if names.count(name) > 1}, key=names.index):
        yield Problem(f'Path {shown(path)} must not use parameter "{{{name}}}" multiple times.', at, absolute=True)
    shared, problems = _defined(item.get("parameters"), (*at, "parameters"), subject)
    yield from problems
    methods = [method for method in METHODS if isinstance(item.get(method), dict)]
    for name, where in shared.items():
        if name not in names:
            yield Problem(f"Parameter {shown(name)} must be used in path {shown(path)}.", where, absolute=True)
    for method in methods:
        own, problems = _defined(item[method].get("parameters"), (*at, method, "parameters"), subject)
        yield from problems
        for name, where in own.items():
            if name not in names:
                yield Problem(f"Parameter {shown(name)} must be used in path {shown(path)}.", where, absolute=True)
        for name in dict.fromkeys(names):
            if name not in own and name not in shared:
                text = f'Operation must define parameter "{{{name}}}" as expected by path {shown(path)}.'
                yield Problem(text, (*at, method), absolute=True)


def _defined(listed: Any, at: Path, subject: Subject) -> tuple[dict[str, Path], list[Problem]]:
    """The path parameters of a list, by name, and what is wrong with them."""
    found: dict[str, Path] = {}
    problems: list[Problem] = []
    for index, entry in enumerate(listed if isinstance(listed, list) else ()):
        parameter = _followed(subject, entry)
        name = parameter.get("name")
        if parameter.get("in") != "path" or not isinstance(name, str):
            continue
        where = (*at, index)
        if parameter.get("required") is not True:
            problems.append(
                Problem(
                    f'Path parameter {shown(name)} must have "required" property that is set to "true".',
                    where,
                    absolute=True,
                )
            )
        if name in found:
            problems.append(
                Problem(f"Path parameter {shown(name)} must not be defined multiple times.", where, absolute=True)
            )
            continue
        found[name] = where
    return found, problems


def server_variables(value: Any, options: Any, _question: Question) -> Iterator[Problem]:
    """What the URL of a server names must be defined and used; a default must be among the values."""
    server = _mapping(value)
    url, variables = server.get("url"), _mapping(server.get("variables"))
    if not isinstance(url, str):
        return
    named = list(dict.fromkeys(_EXPRESSION.findall(url)))
    missing = [name for name in named if name not in variables]
    if missing:
        yield Problem(
            f'Not all server\'s variables are described with "variables" object. Missed: {", ".join(missing)}.',
            ("variables",),
        )
    for name, variable in variables.items():
        if name not in named and (options or {}).get("checkUnused", True):
            yield Problem(
                f'Server\'s "variables" object has unused defined {shown(name)} url variable.', ("variables", name)
            )
        allowed = _mapping(variable).get("enum")
        if isinstance(allowed, list) and "default" in _mapping(variable) and variable["default"] not in allowed:
            text = f"Server Variable {shown(name)} has a default not listed in the enum."
            yield Problem(text, ("variables", name, "default"))
