"""Files of collections: read, written, listed, searched and made from contracts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from yett.collections import WRITTEN, Collection, Imported, export_files, import_files, steps_of
from yett.collections.generated import collection_of
from yett.collections.model import Environment, Step, scripts_of
from yett.collections.openapi import contract_of
from yett.collections.own import read_own_environment
from yett.collections.postman import read_environment
from yett.collections.reading import Notes, Spot
from yett.contract import load_contract
from yett.documents import DocumentError, read_document, write_json, write_yaml
from yett.errors import ConfigurationError, YettError
from yett.model.diagnostic import Diagnostic, has_errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yett.contract import Contract

__all__ = ["WRITTEN", "Collection", "Imported", "Written", "steps_of"]

_MOST_FILES: Final = 20_000
_MOST_BYTES: Final = 256 * 1024 * 1024
_SUFFIXES: Final = (".bru", ".yml", ".yaml", ".json")


def read_collection(path: Path, form: str = "") -> Imported:
    """A collection from a file or a folder. Raises `OSError`, and `YettError` for more files than are read."""
    if path.is_dir():
        return import_files(_files_of(path), form, place=str(path))
    if path.stat().st_size > _MOST_BYTES:
        raise YettError(f"{path} is larger than {_MOST_BYTES:,} bytes", code="document-too-large", hint="split it")
    read = import_files({path.name: path.read_bytes()}, form, place=str(path))
    if read.format == "openapi":
        return _from_contract(path)
    return read


def _files_of(folder: Path) -> dict[str, bytes]:
    """The files of a collection's folder; links that lead out of it are not followed."""
    found: dict[str, bytes] = {}
    size = 0
    home = folder.resolve()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        hidden = any(part.startswith(".") or part == "node_modules" for part in name.split("/"))
        if hidden or path.suffix not in _SUFFIXES or not path.is_file() or not path.resolve().is_relative_to(home):
            continue
        size += path.stat().st_size
        if len(found) >= _MOST_FILES or size > _MOST_BYTES:
            raise YettError(
                f"{folder} holds more than a collection can", code="collection-too-large", hint="name the folder of one"
            )
        found[name] = path.read_bytes()
    return found


def _from_contract(path: Path) -> Imported:
    contract = load_contract(path, api=_slug(path.name.partition(".")[0]))
    if has_errors(contract.diagnostics):
        return Imported(None, "openapi", contract.diagnostics)
    return Imported(collection_of([contract]), "openapi", contract.diagnostics)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "api"


def generated(paths: Sequence[Path], name: str = "") -> Imported:
    """A collection with a request for each operation of contracts."""
    contracts = [load_contract(path, api=_slug(path.name.partition(".")[0])) for path in paths]
    diagnostics = tuple(one for contract in contracts for one in contract.diagnostics)
    if has_errors(diagnostics):
        return Imported(None, "openapi", diagnostics)
    made = collection_of(contracts)
    return Imported(replace(made, name=name) if name else made, "openapi", diagnostics)


def contracts_by_api(paths: Sequence[Path]) -> Iterator[tuple[str, Contract]]:
    """Contracts by the API that their files are called after: `shop.openapi.yaml` is that of `shop`.

    Raises `ConfigurationError` for one with mistakes.
    """
    for path in paths:
        api = _slug(path.name.partition(".")[0])
        contract = load_contract(path, api=api)
        if has_errors(contract.diagnostics):
            raise ConfigurationError(contract.diagnostics)
        yield api, contract


@dataclass(frozen=True, slots=True)
class Written:
    """Files that were written, and what they do not hold."""

    files: tuple[Path, ...]
    diagnostics: tuple[Diagnostic, ...]


def collection_text(collection: Collection, form: str) -> tuple[str, tuple[Diagnostic, ...]]:
    """The collection as one text. Raises `YettError` for a format that is a folder of files."""
    if form == "openapi":
        document, lost = contract_of(collection)
        return write_yaml(document), lost
    made = export_files(collection, form)
    if "" not in made.files:
        raise YettError(f"{form} is a folder of files", code="output-missing", hint="name the folder with -o")
    return made.files[""], made.diagnostics


def write_collection(collection: Collection, form: str, output: Path, *, force: bool) -> Written:
    """Write the collection at `output`: a file, or for Bruno a folder. Never over what is there without `force`."""
    if form == "openapi":
        document, lost = contract_of(collection)
        text = write_json(document) if output.suffix == ".json" else write_yaml(document)
        return Written(_write({output: text}, force), lost)
    made = export_files(collection, form)
    folder = output if "" not in made.files else output.parent
    named = {folder / name if name else output: text for name, text in made.files.items()}
    home = folder.resolve()
    if not all(path == output or path.resolve().is_relative_to(home) for path in named):
        raise YettError(
            "a file of the collection would be outside of its folder", code="output-invalid", hint="rename the item"
        )
    return Written(_write(named, force), made.diagnostics)


def _write(files: Mapping[Path, str], force: bool) -> tuple[Path, ...]:
    there = next((path for path in files if path.exists()), None)
    if there is not None and not force:
        raise YettError(f"{there} is there already", code="file-exists", hint="name another file, or say --force")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tuple(files)


def demand(read: Imported) -> Collection:
    """The collection. Raises `ConfigurationError` where there is none."""
    if read.collection is None:
        raise ConfigurationError(read.diagnostics)
    return read.collection


def environment_of(collection: Collection, name: str, path: Path) -> Environment:
    """The environment called `name`: of the collection, in `environments/` beside it, or the file `name` itself.

    Raises `YettError` where there is none, and `ConfigurationError` for a file with mistakes.
    """
    for one in collection.environments:
        if one.name == name:
            return one
    folder = path if path.is_dir() else path.parent
    named = [folder / "environments" / f"{name}{suffix}" for suffix in (".yaml", ".yml", ".json")]
    for file in [Path(name), *named] if _is_plain(name) or Path(name).suffix else named:
        if file.is_file():
            return _read_environment(file)
    known = sorted({one.name for one in collection.environments} | set(_beside(folder)))
    raise YettError(
        f"there is no environment {name[:60]!r}",
        code="environment-unknown",
        hint=f"known: {', '.join(known) or 'none'}",
    )


def _is_plain(name: str) -> bool:
    return re.fullmatch(r"[\w .-]+", name) is not None and ".." not in name


def _beside(folder: Path) -> Iterator[str]:
    yield from (path.stem for path in (folder / "environments").glob("*.y*ml"))


def _read_environment(file: Path) -> Environment:
    notes = Notes()
    try:
        document = read_document(file.read_bytes(), file=str(file))
    except DocumentError as error:
        raise ConfigurationError(error.diagnostics) from None
    if isinstance(document.value, dict) and isinstance(document.value.get("values"), list):
        return read_environment(Spot(document, notes, document.value))
    read = read_own_environment(document, file.stem, notes)
    if read is None:
        raise ConfigurationError(notes.all())
    return read


@dataclass(frozen=True, slots=True)
class Found:
    """A request that was searched for."""

    file: str
    collection: str
    step: Step


def search_collections(paths: Sequence[Path], words: Sequence[str]) -> Iterator[Found]:
    """Requests in which all `words` are found: in names, addresses, notes, tags, headers and bodies."""
    lowered = [one.lower() for one in words]
    for path in paths:
        collection = read_collection(path).collection
        for step in steps_of(collection) if collection is not None else ():
            text = _searched(step).lower()
            if all(word in text for word in lowered):
                yield Found(str(path), collection.name if collection else "", step)


def _searched(step: Step) -> str:
    one = step.request
    names = (pair.name for pair in (*one.path, *one.query, *one.headers))
    body = one.body.text if one.body is not None else ""
    return "\n".join([step.title, one.method, one.url, one.operation, one.note, *one.tags, *names, body])


def collection_files(folder: Path) -> list[Path]:
    """The files of collections in a folder and below it: `*.collection.yaml`."""
    found = sorted(path for path in folder.rglob("*.collection.y*ml") if path.is_file())
    return found[:_MOST_FILES]


def count_scripts(collection: Collection) -> int:
    """How many scripts are kept that no run runs."""
    return sum(1 for _ in scripts_of(collection))
