"""What every section's shape shares: strictness, and a record of where its values stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from yett.config.files import read_file
from yett.documents import Document, join_pointer
from yett.model.diagnostic import Diagnostic, Severity
from yett.model.place import Place, Reference

Kept = Mapping[tuple[str | int, ...], Sequence[int]]
"""By the path of a list of which entries were left out: the indices under which the others were written."""


class Shape(BaseModel):
    """A mapping of a configuration file: unknown keys are refused and nothing is coerced."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True
    )


@dataclass(slots=True)
class Findings:
    """What building the model gathers on the side: mistakes, and files whose change must be noticed."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    files: set[str] = field(default_factory=set)


class At:
    """A spot in a configuration file that is being built into the model. Cheap to make: there are many."""

    __slots__ = ("document", "file", "findings", "kept", "parts")

    def __init__(
        self,
        document: Document,
        file: str,
        findings: Findings,
        parts: tuple[str | int, ...] = (),
        kept: Kept | None = None,
    ) -> None:
        self.document = document
        self.file = file
        self.findings = findings
        self.parts = parts
        self.kept = kept

    def __truediv__(self, part: str | int) -> At:
        if self.kept and isinstance(part, int) and self.parts in self.kept:
            part = self.kept[self.parts][part]
        return At(self.document, self.file, self.findings, (*self.parts, part), self.kept)

    def without(self, kept: Kept) -> At:
        """The same spot, for a value whose lists, by their paths from here, are left with the entries `kept`."""
        from_top = {(*self.parts, *path): indices for path, indices in kept.items()}
        return At(self.document, self.file, self.findings, self.parts, from_top)

    @property
    def place(self) -> Place:
        """Where this is."""
        return Place(self.file, self.document.line_at(self.parts), join_pointer(self.parts))

    def path(self, name: str) -> str:
        """`name` as a path, taken relative to the folder of the configuration file."""
        return str(Path(self.file).parent / name)

    def references(self, names: list[str]) -> tuple[Reference, ...]:
        """Each of `names` with its place in the list that stands here."""
        return tuple(Reference(name, (self / index).place) for index, name in enumerate(names))

    def read_text(self, path: str) -> str | None:
        """The text of the file that is named here; a file that cannot be read is reported, and `None` returned."""
        self.findings.files.add(path)
        try:
            return read_file(path).decode("utf-8")
        except UnicodeDecodeError:
            self.report("file-not-text", f"`{path}` is not UTF-8 text")
        except OSError as error:
            self.report(
                "file-missing",
                f"cannot read `{path}`: {(error.strerror or 'unknown reason').lower()}",
                "paths are relative to the folder of this file",
            )
        return None

    def need_folder(self, path: str) -> None:
        """Report where the folder that is named here is not there."""
        if not Path(path).is_dir():
            self.findings.files.add(path)
            hint = "make it first; paths are relative to the folder of this file"
            self.report("folder-missing", f"there is no folder `{path}`", hint)

    def has(self, key: str) -> bool:
        """Whether `key` is written in the mapping that stands here, be its value good or bad."""
        value = self.document.value
        for part in self.parts:
            value = value[part]
        return isinstance(value, dict) and key in value

    def report(self, code: str, message: str, hint: str = "", severity: Severity = "error") -> None:
        """Note a mistake that stands here, or something that is hardly meant."""
        self.findings.diagnostics.append(self.place.diagnostic(code, message, hint=hint, severity=severity))


def written_path(parts: tuple[str | int, ...], kept: Kept) -> tuple[str | int, ...]:
    """Where what is found at `parts` was written, before entries of lists were left out."""
    written: tuple[str | int, ...] = ()
    for part in parts:
        indices = kept.get(written) if isinstance(part, int) else None
        written = (*written, part if indices is None else indices[int(part)])
    return written


def key_of(value: object, keys: Mapping[str, str]) -> str | None:
    """The tag of the first of `keys` that the mapping `value` holds: how a union of shapes is told apart."""
    if isinstance(value, dict):
        return next((tag for key, tag in keys.items() if key in value), None)
    return next((tag for key, tag in keys.items() if getattr(value, key, None) is not None), None)
