"""`docs/configuration.md`: the configuration's JSON Schema as a page to read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

Schema = dict[str, Any]

_HEAD: Final = """\
# Configuration

Every key of `yett.yaml`. This page is generated from what `yett schema config` prints: `make docs` renews it, and a
test compares the two.

A configuration is one file, or a folder of such files that are read as one. An unknown key is a mistake, and so is a
name that nothing has: `yett check` says all mistakes at once. What is not said is safe.

- A **name** is 1 to 64 lower-case letters and digits, in words joined by `-`.
- A **duration** is a number with `ms`, `s`, `m` or `h`: `250ms`. At most 24 hours.
- A **size** is a number of bytes, or one with `B`, `KiB`, `MiB` or `GiB`: `512KiB`.
- A path is relative to the file that it stands in.
- A secret never stands in a file of configuration: it is named, as `{env: NAME}` or `{file: PATH}`.
"""
_TAIL: Final = """\
## How limits count

A limit counts units: a request takes as many as its operation costs, which is 1 unless the contract or the
configuration says otherwise. Every limit that applies must have room.

A counter belongs to a limit's name, which answers carry in `RateLimit`: whose limit it is, what it counts and for whom,
such as `profile-reader-requests-per-minute` or `gateway-concurrent-by-address`. So a limit that is written in front of
others, or taken away, does not start them afresh. Twins, of the same kind in one place, are numbered in their order. A
limit whose numbers change starts afresh.

## In the contract

Two extensions of an operation in the OpenAPI document are read; any other with `x-yett-` is a mistake there.

| key | value | when not said | meaning |
| --- | --- | --- | --- |
| `x-yett-cost` | whole number, 1 to 1,000,000 | `1` | Units that a request takes from rates and quotas. `cost` of the operation in the configuration comes first. |
| `x-yett-pattern` | `unenforced` | a mistake | Leave out, with a warning, the regular expressions of this operation that cannot run in linear time. |

## Everything at once

A configuration that sets nearly everything, nothing to its default:

"""  # noqa: E501 - a row of a table cannot be broken
_DURATION: Final = "(ms|s|m|h)"
_SIZE: Final = "(B|KiB|MiB|GiB)"
_NAME: Final = "^[a-z0-9]+(?:-[a-z0-9]+)*$"


def page(schema: Schema, example: str) -> str:
    """The page, from the schema of one file and a configuration to end with."""
    shapes = _reached(schema)
    sections = [_section("The file", schema)]
    sections += [_section(_title(name), schema["$defs"][name]) for name in shapes]
    return "\n".join([_HEAD, *sections, f"{_TAIL}```yaml\n{example}```\n"])


def _reached(schema: Schema) -> list[str]:
    """The names of all definitions, in the order in which a reader meets them."""
    found: dict[str, None] = {}

    def walk(part: Any) -> None:
        for name in _references(part):
            if name not in found:
                found[name] = None
                walk(schema["$defs"][name]["properties"])

    walk(schema["properties"])
    return list(found)


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"].rpartition("/")[2]
        for child in part.values():
            yield from _references(child)
    elif isinstance(part, list):
        for child in part:
            yield from _references(child)


def _title(name: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("Shape")).lower()
    return words[:1].upper() + words[1:]


def _section(title: str, shape: Schema) -> str:
    rows = [_row(key, part, required=key in shape.get("required", [])) for key, part in shape["properties"].items()]
    head = "| key | value | when not said | meaning |\n| --- | --- | --- | --- |\n"
    return f"## {title}\n\n{shape['description']}\n\n{head}" + "".join(rows)


def _row(key: str, part: Schema, *, required: bool) -> str:
    meaning = part.get("description", "").replace("\n", " ")
    if examples := [f"`{one}`" for one in _examples(part)]:
        meaning += f" For example {', '.join(examples)}."
    return f"| `{key}` | {_value(part)} | {_default(part, required=required)} | {meaning} |\n"


def _examples(part: Schema) -> list[Any]:
    own = list(part.get("examples", []))
    for choice in (part.get("items", {}), *_choices(part)):
        own += [one for one in choice.get("examples", []) if one not in own]
    return own


def _default(part: Schema, *, required: bool) -> str:
    if required:
        return "**needed**"
    if part.get("type") in ("array", "object") and "default" not in part:
        return "none"
    if "$ref" in part:
        return "its defaults"
    default = part.get("default")
    return "" if default is None else f"`{_written(default, part)}`"


def _written(default: Any, part: Schema) -> str:
    patterns = str(part)
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, str):
        return default
    if _DURATION in patterns:
        return f"{default // 1000}s" if default % 1000 == 0 else f"{default}ms"
    if _SIZE in patterns and default % 1024 == 0:
        return f"{default >> 20}MiB" if default % (1 << 20) == 0 else f"{default >> 10}KiB"
    return str(default)


def _choices(part: Schema) -> list[Schema]:
    return [one for one in (*part.get("anyOf", ()), *part.get("oneOf", ())) if one.get("type") != "null"]


def _value(part: Schema) -> str:
    if "$ref" in part:
        title = _title(part["$ref"].rpartition("/")[2])
        return f"[{title.lower()}](#{title.lower().replace(' ', '-')})"
    if "const" in part:
        return f"`{part['const']}`"
    if "enum" in part:
        return ", ".join(f"`{one}`" for one in part["enum"])
    if _SIZE in str(part):
        return "size"
    if choices := _choices(part):
        return " or ".join(_value(one) for one in choices)
    return _plain(part)


def _plain(part: Schema) -> str:
    match part["type"]:
        case "array":
            return f"list of {_value(part['items'])}"
        case "object":
            return f"mapping to {_value(part['additionalProperties'])}"
        case "integer":
            return _range(part)
        case "boolean":
            return "`true` or `false`"
    pattern = part.get("pattern", "")
    if part.get("format") == "uri":
        return "URL"
    return "duration" if _DURATION in pattern else "name" if pattern == _NAME else "text"


def _range(part: Schema) -> str:
    least, most = part.get("minimum"), part.get("maximum")
    if least is None:
        return "whole number"
    return f"whole number, at least {least:,}" if most is None else f"whole number, {least:,} to {most:,}"
