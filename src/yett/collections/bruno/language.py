"""The text form of `.bru`: blocks of entries, of text and of names, read line by line."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from yett.documents import Document
from yett.model.diagnostic import Diagnostic

if TYPE_CHECKING:
    from yett.collections.reading import Notes
    from yett.documents.places import Place

_OPEN: Final = re.compile(r"([A-Za-z][\w:-]{0,60})\s*([{\[])\s*")
_TEXTS: Final = re.compile(
    r"(?:body(?::(?:json|text|xml|sparql|graphql|graphql:vars))?|script:[\w-]+|tests|docs|example|app)\Z"
)
_ENTRY: Final = re.compile(r"\s*(~?)(\"(?:[^\"\\]|\\.)*\"|[^:\s][^:]*?)\s*:(?:\s(.*)|())", re.DOTALL)
_LONGEST_NAME: Final = 1_000
"""Characters of a line in which its name ends: the pattern takes time that grows with the square of them."""


def read_bru(data: bytes, file: str, notes: Notes) -> Document | None:
    """The blocks of a file by name: text, a list of names, or a list of `{name, value, enabled}`."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        notes.add(Diagnostic(file, 0, "", "not-utf8", "the bytes are not valid UTF-8", "save the file as UTF-8"))
        return None
    reader = _Blocks(text.replace("\r\n", "\n").split("\n"), file, notes)
    value = reader.read()
    places: Place = (1, {name: (line, None) for name, line in reader.at.items()})
    return Document(file, value, lambda: places)


class _Blocks:
    def __init__(self, lines: list[str], file: str, notes: Notes) -> None:
        self.lines, self.file, self.notes = lines, file, notes
        self.index = 0
        self.at: dict[str, int] = {}

    def read(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self.index < len(self.lines):
            line = self.lines[self.index]
            self.index += 1
            opened = _OPEN.fullmatch(line) if len(line) < 200 else None
            if opened is None:
                if line.strip():
                    self.tell("this belongs to no block and was left out")
                continue
            name = opened[1]
            self.at.setdefault(name, self.index)
            held = self.block(name, "}" if opened[2] == "{" else "]")
            if name in found:
                self.tell(f"there are two blocks `{name}`: the later one was kept")
            found[name] = held
        return found

    def block(self, name: str, close: str) -> Any:
        start = self.index
        while self.index < len(self.lines) and self.lines[self.index].rstrip() != close:
            self.index += 1
        if self.index >= len(self.lines):
            self.tell(f"the block `{name}` is not closed")
        held = self.lines[start : self.index]
        self.index += 1
        if close == "]":
            names = (part.strip() for line in held for part in line.split(","))
            return [one for one in names if one]
        if _TEXTS.match(name):
            return "\n".join(line.removeprefix("  ") for line in held)
        return self.entries(held, start + 1)

    def entries(self, lines: list[str], first: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        index = 0
        while index < len(lines):
            line = lines[index]
            index += 1
            entry = _ENTRY.fullmatch(line) if ":" in line[:_LONGEST_NAME] else None
            if entry is None:
                if line.strip():
                    self.tell("this is no `name: value` and was left out", first + index - 1)
                continue
            value = (entry[3] or "").strip()
            if value == "'''":
                end = next((at for at in range(index, len(lines)) if lines[at].strip() == "'''"), len(lines))
                value = "\n".join(each.removeprefix("    ") for each in lines[index:end])
                index = end + 1
            found.append({"name": _unquoted(entry[2]), "value": value, "enabled": not entry[1]})
        return found

    def tell(self, message: str, line: int = 0) -> None:
        self.notes.add(
            Diagnostic(self.file, line or self.index, "", "not-kept", message, "see how Bruno writes it", "warning")
        )


def _unquoted(name: str) -> str:
    if len(name) >= 2 and name[0] == name[-1] == '"':
        try:
            return str(json.loads(name))
        except ValueError:
            return name[1:-1]
    return name


def written_blocks(blocks: list[tuple[str, Any]]) -> str:
    """Blocks as text: `(name, text)`, `(name, entries)` or `(name, names)` with names in a tuple."""
    return "\n".join(_written(name, held) for name, held in blocks)


def _written(name: str, held: Any) -> str:
    if isinstance(held, tuple):
        return f"{name} [\n" + ",\n".join(f"  {one}" for one in held) + "\n]\n"
    if isinstance(held, str):
        body = "\n".join(f"  {line}" if line else "" for line in held.split("\n"))
        return f"{name} {{\n{body}\n}}\n"
    return f"{name} {{\n" + "".join(map(_entry, held)) + "}\n"


def _entry(entry: dict[str, Any]) -> str:
    name = entry["name"]
    plain = re.fullmatch(r"[A-Za-z0-9_$.\[\]{}()/@*+-]+", name) and not name.startswith("~")
    key = f"{'' if entry.get('enabled', True) else '~'}{name if plain else json.dumps(name)}"
    value = entry["value"]
    if "\n" in value or value != value.strip() or value == "'''":
        inner = "\n".join(f"    {line}" for line in value.split("\n"))
        return f"  {key}: '''\n{inner}\n  '''\n"
    return f"  {key}: {value}\n" if value else f"  {key}:\n"
