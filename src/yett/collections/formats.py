"""The formats: how each is recognised, read and written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from yett.collections.bruno import read_bruno, read_opencollection, write_bruno
from yett.collections.har import read_har, write_har
from yett.collections.insomnia import read_insomnia_4, read_insomnia_5, write_insomnia
from yett.collections.losses import Losses
from yett.collections.model import MAX_REQUESTS, Collection, steps_of
from yett.collections.own import read_own, write_own
from yett.collections.postman import read_postman, write_environment, write_postman
from yett.collections.reading import Notes, Spot
from yett.documents import Document, DocumentError, Limits, read_document, write_json, write_yaml
from yett.model.diagnostic import Diagnostic

FORMATS: Final = ("yett", "postman", "openapi", "har", "bruno", "insomnia", "opencollection")
"""By name. `openapi` is read from a contract, and `opencollection` is only read."""
WRITTEN: Final = ("yett", "postman", "openapi", "har", "bruno", "insomnia")
"""Those that a collection can be written in."""
LIMITS: Final = Limits(max_bytes=64 * 1024 * 1024, max_depth=100, max_nodes=2_000_000)
"""Of one file."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What was read: `None` where nothing could be; the format; and all that is to be told."""

    collection: Collection | None
    format: str
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Exported:
    """Files by their path (one, called ``, where the format is one file), and what they cannot hold."""

    files: Mapping[str, str]
    diagnostics: tuple[Diagnostic, ...]


def import_files(files: Mapping[str, bytes], form: str = "", *, place: str = "") -> Imported:
    """Read a collection from the bytes of one file, or of the files of a folder by their path in it.

    `place` is how the user named it. Nothing is raised for what the files hold.
    """
    notes = Notes()
    if not files:
        notes.add(
            _mistake(place, "collection-missing", "there are no files to read", "name a file, or a folder of them")
        )
        return Imported(None, form, notes.all())
    form = form or _folder_form(files)
    if form in ("bruno", "opencollection"):
        read = read_bruno if form == "bruno" else read_opencollection
        return _checked(read(files, notes), form, notes, place)
    try:
        document = read_document(next(iter(files.values())), file=place or next(iter(files)), limits=LIMITS)
    except DocumentError as error:
        return Imported(None, form, error.diagnostics)
    form = form or recognised(document.value)
    if form == "opencollection":
        return _checked(read_opencollection(files, notes), form, notes, place)
    return _checked(_read(document, form, notes), form, notes, place)


def _checked(collection: Collection | None, form: str, notes: Notes, place: str) -> Imported:
    if collection is not None:
        number = sum(1 for _ in steps_of(collection))
        if number > MAX_REQUESTS:
            notes.add(
                _mistake(
                    place, "too-many-requests", f"there are {number:,} requests, more than {MAX_REQUESTS:,}", "split it"
                )
            )
            collection = None
    return Imported(collection, form, notes.all())


def _mistake(place: str, code: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(place, 0, "", code, message, hint)


def _folder_form(files: Mapping[str, bytes]) -> str:
    if "opencollection.yml" in files or "opencollection.yaml" in files:
        return "opencollection"
    return "bruno" if "bruno.json" in files or any(one.endswith(".bru") for one in files) else ""


def recognised(value: Any) -> str:
    """The format of a document; empty where it has none that is known."""
    if not isinstance(value, dict):
        return ""
    info, log = value.get("info"), value.get("log")
    kinds = {
        "yett": "yett_collection" in value,
        "openapi": "openapi" in value or "swagger" in value,
        "opencollection": "opencollection" in value,
        "har": isinstance(log, dict) and "entries" in log,
        "insomnia": value.get("_type") == "export" or str(value.get("type", ""))[:20].startswith("collection.insomnia"),
        "postman": isinstance(info, dict) and isinstance(value.get("item"), list),
    }
    return next((name for name, fits in kinds.items() if fits), "")


def _read(document: Document, form: str, notes: Notes) -> Collection | None:
    root = Spot(document, notes, document.value)
    if form == "yett":
        return read_own(document, notes)
    readers: dict[str, Callable[[Spot], Collection]] = {
        "postman": read_postman,
        "har": read_har,
        "insomnia": read_insomnia_4
        if isinstance(document.value, dict) and "resources" in document.value
        else read_insomnia_5,
    }
    if form not in readers or not isinstance(document.value, dict):
        known = ", ".join(FORMATS)
        root.note("format-unknown", "this is no collection of a known format", f"say --format: {known}", "error")
        return None
    return readers[form](root)


def export_files(collection: Collection, form: str) -> Exported:
    """The collection as files of a format. Raises `KeyError` for a format that is not written here."""
    if form == "yett":
        return Exported({"": write_yaml(write_own(collection))}, ())
    if form == "bruno":
        return Exported(*write_bruno(collection))
    if form == "postman":
        return _postman(collection)
    document, lost = {"har": write_har, "insomnia": write_insomnia}[form](collection)
    return Exported({"": write_json(document) if form == "har" else write_yaml(document)}, lost)


def _postman(collection: Collection) -> Exported:
    """The collection, and each environment in a file of its own beside it."""
    document, lost = write_postman(collection)
    losses = Losses(collection, "Postman's collection")
    files = {"": write_json(document)}
    if collection.environments:
        losses.tell(collection.name, "environments", "each is written as a file of its own, where a file is named")
    for number, one in enumerate(collection.environments):
        files[f"environment-{number + 1}.postman_environment.json"] = write_json(write_environment(one, losses))
    return Exported(files, (*lost, *losses.all()))
