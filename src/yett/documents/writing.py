"""Plain values become text again: YAML that people can read and edit, or JSON. What is written is read as it was."""

from __future__ import annotations

import json
from typing import Any, Final

import yaml

from yett.documents.scalars import NotFiniteError, OutOfRangeError, plain_scalar

_WIDTH: Final = 120


class _Dumper(yaml.CSafeDumper):
    """Writes for readers of YAML 1.2 (core schema) as well as for those of 1.1."""

    def ignore_aliases(self, _data: Any) -> bool:
        # Whoever reads the text need not know anchors, and may change one part without another.
        return True


def _text(dumper: yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text and _is_block(text) else None
    if style is None and not _reads_as_text(text):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _is_block(text: str) -> bool:
    """Whether a text of several lines can stand as it is, without escapes."""
    return all(line == line.rstrip() and (line.isprintable() or not line) for line in text.split("\n"))


def _reads_as_text(text: str) -> bool:
    """Whether the core schema takes a plain text for what it is: `1e3` and `0o17` are numbers to it."""
    try:
        return isinstance(plain_scalar(text), str)
    except (NotFiniteError, OutOfRangeError):
        return False


_Dumper.add_representer(str, _text)


def write_yaml(value: Any) -> str:
    """A value that `read_document` can have made, as YAML: mappings in their order, nothing shared."""
    return str(yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH))


def write_json(value: Any) -> str:
    """As `write_yaml`, as JSON."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
