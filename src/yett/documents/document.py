"""The door of the room: bytes in, a `Document` or every diagnostic out."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from yett.documents.json_text import json_places, read_json
from yett.documents.limits import Limits
from yett.documents.places import Place, find_line
from yett.documents.pointer import split_pointer
from yett.documents.problems import Problems, RefusedError
from yett.documents.yaml_text import read_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from yett.model.diagnostic import Diagnostic

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class DocumentError(Exception):
    """The bytes are refused; `diagnostics` says why, at least one of them and all that could be found."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("; ".join(f"{one.place}: {one.message}" for one in self.diagnostics))


class Document:
    """One document that was read.

    `value` is made of `dict` (with text keys), `list`, `str`, `int`, finite `float`, `bool` and `None`. Aliased parts
    of a YAML document are shared, so nobody may change the value in place.
    """

    def __init__(self, file: str, value: Any, places: Callable[[], Place]) -> None:
        self.file = file
        self.value = value
        self._find_places = places

    @cached_property
    def _places(self) -> Place:
        return self._find_places()

    def line(self, pointer: str = "") -> int:
        """Return the line (from 1) of the value at a JSON pointer, or of its nearest ancestor where it names nothing.

        An entry of a mapping stands where its key does. The first call on a JSON document reads its text again.
        """
        return find_line(self._places, split_pointer(pointer))

    def line_at(self, parts: Iterable[str | int]) -> int:
        """As `line`, for a path that is not joined to a pointer."""
        return find_line(self._places, [str(part) for part in parts])


def read_document(data: bytes, *, file: str, limits: Limits | None = None) -> Document:
    """Read one YAML 1.2 (core schema) or JSON document in UTF-8.

    `file` names the document in diagnostics; where it ends in `.json`, the text must be JSON. Raises `DocumentError`
    on anything else, on what exceeds `limits`, and on what different readers would read differently: duplicate keys,
    several documents, tags of other types, keys that are not text, numbers that are not finite.
    """
    limits = limits or Limits()
    problems = Problems(file)
    try:
        document = _read(data, file, limits, problems)
    except RefusedError:
        raise DocumentError(problems.diagnostics) from None
    if problems.diagnostics:
        raise DocumentError(problems.diagnostics)
    return document


def _read(data: bytes, file: str, limits: Limits, problems: Problems) -> Document:
    if len(data) > limits.max_bytes:
        message = f"the document has {len(data)} bytes, more than the {limits.max_bytes} allowed"
        raise problems.stop(0, (), "document-too-large", message, "split it into several files")
    data = data.removeprefix(_BYTE_ORDER_MARK)
    text = _decode(data, problems)
    if file.lower().endswith(".json") or (text.lstrip()[:1] in ("{", "[") and _looks_like_json(text)):
        value = read_json(text, limits, problems)
        return Document(file, value, lambda: json_places(text))
    value, places = read_yaml(data, limits, problems)
    return Document(file, value, lambda: places)


def _decode(data: bytes, problems: Problems) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"the bytes are not valid UTF-8 ({error.reason})"
        raise problems.stop(line, (), "not-utf8", message, "save the file as UTF-8") from None


def _looks_like_json(text: str) -> bool:
    """Whether a text that opens with a bracket is JSON rather than YAML in flow style: JSON quotes its keys."""
    return text.lstrip("{[ \t\r\n")[:1] in ('"', "]", "}")
