"""Runs a collection: every request in order, once for each row of data, with what was seen of each."""

from __future__ import annotations

import csv
import fnmatch
import io
import json
import random
import re
import shlex
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from yett.collections import Collection, steps_of
from yett.collections.model import Environment, Step, scripts_of
from yett.collections.own.read import text_of
from yett.collections.play import CannotSendError, Outgoing, Player, World
from yett.collections.verdicts import Answer, Checked
from yett.config import read_secret
from yett.contract.fitting import Fitting
from yett.documents import DocumentError, read_document
from yett.errors import ConfigurationError, YettError
from yett.services.reports import Case, junit, page
from yett.services.sending import Sender, SendError, SendOptions

if TYPE_CHECKING:
    from yett.contract import Contract

_MOST_ROWS: Final = 10_000
_MOST_FILE: Final = 32 * 1024 * 1024
_MOST_DATA: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What is run and how. `given` are variables that win over those of the files; `only` are patterns of titles."""

    environment: Environment | None = None
    rows: tuple[Mapping[str, str], ...] = ({},)
    given: Mapping[str, str] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    bail: bool = False
    send: SendOptions = SendOptions()
    folder: Path = Path()
    contracts: Mapping[str, Contract] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request. `error` says why it was not sent or not answered; nothing here holds a secret."""

    title: str
    row: int
    method: str
    url: str
    operation: str
    status: int | None = None
    took_ms: float = 0.0
    size: int = 0
    checked: tuple[Checked, ...] = ()
    error: str = ""
    curl: str = ""

    @property
    def passed(self) -> bool:
        """Whether it was answered as expected."""
        return not self.error and all(one.held for one in self.checked)


@dataclass(frozen=True, slots=True)
class RunReport:
    """All outcomes. `scripts` were kept and not run; `unsent` requests were left when a run gave up."""

    collection: str
    outcomes: tuple[Outcome, ...]
    seconds: float
    scripts: int = 0
    unsent: int = 0

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Those that were not answered as expected."""
        return tuple(one for one in self.outcomes if not one.passed)

    @property
    def assertions(self) -> int:
        """How many assertions were judged."""
        return sum(len(one.checked) for one in self.outcomes)


def run_collection(
    collection: Collection,
    options: RunOptions,
    environment: Mapping[str, str],
    tell: Callable[[Outcome, int], None] = lambda _outcome, _of: None,
) -> RunReport:
    """Run it. Raises nothing for what is sent or answered; `tell` is called with each outcome and how many there are.

    Raises `YettError` where `only` fits nothing.
    """
    steps = [one for one in steps_of(collection) if fits(one, options.only)]
    if not steps:
        raise YettError("there is no request to run", code="nothing-to-run", hint="see `yett collection list`")
    began = time.monotonic()
    outcomes: list[Outcome] = []
    total = len(steps) * len(options.rows)
    run = _Run(collection, options, environment)
    with Sender(options.send, frozenset(_secret_headers(collection))) as sender:
        for outcome in run.outcomes(steps, sender):
            outcomes.append(outcome)
            tell(outcome, total)
            if options.bail and not outcome.passed:
                break
    scripts = sum(1 for _ in scripts_of(collection))
    return RunReport(collection.name, tuple(outcomes), time.monotonic() - began, scripts, total - len(outcomes))


def fits(step: Step, only: Sequence[str]) -> bool:
    """Whether a request is meant: a pattern fits its title, its name, one of its folders, its operation or a tag."""
    if not only:
        return True
    names = [
        step.title,
        step.request.name,
        step.request.operation,
        *step.request.tags,
        *(one.name for one in step.folders),
    ]
    lowered = [name.lower() for name in names if name]
    return any(fnmatch.fnmatchcase(name, pattern.lower()) for pattern in only for name in lowered)


def _secret_headers(collection: Collection) -> Iterator[str]:
    """Headers that hold proofs: they go to no other origin."""
    held = [collection.auth]
    for step in steps_of(collection):
        held += [step.request.auth, *(one.auth for one in step.folders)]
    for auth in held:
        if auth is not None and auth.kind == "api-key":
            yield auth.get("name").lower()


class _Run:
    def __init__(self, collection: Collection, options: RunOptions, environment: Mapping[str, str]) -> None:
        self.collection, self.options, self.environment = collection, options, environment
        self.fittings: dict[str, Fitting] = {}
        self.world = World(lambda one: read_secret(one, environment), self.file, _dynamic, self.contract)

    def outcomes(self, steps: Sequence[Step], sender: Sender) -> Iterator[Outcome]:
        for number, row in enumerate(self.options.rows):
            player = Player(
                self.collection, self.world, environment=self.options.environment, row=row, given=self.options.given
            )
            for step in steps:
                yield self.one(step, number, player, sender)

    def one(self, step: Step, row: int, player: Player, sender: Sender) -> Outcome:
        request = step.request
        try:
            sent = player.prepare(step)
        except CannotSendError as error:
            return Outcome(step.title, row, request.method, _bounded(request.url), request.operation, error=str(error))
        url, curl = masked(sent.url, player.secrets), curl_of(sent, player.secrets)
        secret = {name: "" for name, value in sent.headers if any(one in value for one in player.secrets)}
        try:
            answer = sender.send(sent, keep_to_origin=secret)
        except SendError as error:
            return Outcome(step.title, row, sent.method, url, request.operation, error=str(error), curl=curl)
        checked = tuple(
            Checked(one.expected, one.held, masked(one.seen, player.secrets)) for one in player.judge(step, answer)
        )
        return Outcome(
            step.title, row, sent.method, url, request.operation, answer.status, answer.took_ms, len(answer.body),
            checked, curl=curl,
        )  # fmt: skip

    def file(self, name: str) -> bytes:
        """The contents of a file that a request sends: in the collection's folder, and nowhere else."""
        home = self.options.folder.resolve()
        path = (home / name).resolve()
        if not name or not path.is_relative_to(home):
            raise CannotSendError(f"the file {name[:80]!r} is outside of the collection's folder")
        try:
            with path.open("rb") as file:
                data = file.read(_MOST_FILE + 1)
        except OSError as error:
            raise CannotSendError(f"cannot read the file {name[:80]!r}: {(error.strerror or '').lower()}") from None
        if len(data) > _MOST_FILE:
            raise CannotSendError(f"the file {name[:80]!r} is larger than {_MOST_FILE:,} bytes")
        return data

    def contract(self, step: Step, answer: Answer) -> str | None:
        api, _, operation = step.request.operation.partition(":")
        contract = self.options.contracts.get(api)
        if contract is None:
            return (
                "no contract is at hand: say --contract FILE, or --config"
                if operation
                else "the request names no operation"
            )
        if api not in self.fittings:
            self.fittings[api] = Fitting(contract)
        names = {name for name, _ in answer.headers}
        return self.fittings[api].reason(
            operation, answer.status, {one: answer.header(one) or "" for one in names}, answer.body
        )


def _dynamic(name: str) -> str | None:
    """Values that are new each time: `$guid`, `$timestamp`, `$isoTimestamp`, `$randomInt`."""
    if name in ("$guid", "$uuid", "$randomUUID"):
        return str(uuid.uuid4())
    if name == "$timestamp":
        return str(int(time.time()))
    if name == "$isoTimestamp":
        return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return str(random.randrange(1001)) if name == "$randomInt" else None  # noqa: S311 - no secret


def _bounded(text: str) -> str:
    return text if len(text) <= 500 else f"{text[:500]}..."


def masked(text: str, secrets: Mapping[str, str]) -> str:
    """The text without any of the secrets."""
    for one in sorted(secrets, key=len, reverse=True):
        if one:
            text = text.replace(one, "***")
    return _bounded(text)


def curl_of(request: Outgoing, secrets: Mapping[str, str]) -> str:
    """The request as a command line, with secrets as the variables of the environment that hold them."""
    known = "|".join(re.escape(one) for one in sorted(secrets, key=len, reverse=True) if one)

    def quoted(text: str) -> str:
        parts = re.split(f"({known})", text) if known else [text]
        return "".join(f'"${secrets[one]}"' if one in secrets else shlex.quote(one) for one in parts if one) or "''"

    lines = [f"curl -i -X {shlex.quote(request.method)} {quoted(request.url)}"]
    lines += [f"-H {quoted(f'{name}: {value}')}" for name, value in request.headers]
    if request.body:
        try:
            text = request.body.decode("utf-8")
        except UnicodeDecodeError:
            text = None
        if text is not None and len(text) <= 10_000 and "\x00" not in text:
            lines.append(f"--data-raw {quoted(text)}")
        else:
            lines.append(f"--data-binary @BODY  # {len(request.body):,} bytes")
    return " ".join(lines)


def read_rows(path: Path) -> tuple[Mapping[str, str], ...]:
    """The rows of a data file: CSV with a line of names, or a JSON (or YAML) list of objects.

    Raises `ConfigurationError` or `YettError` for a file that is neither, is empty or holds too much, and `OSError`.
    """
    if path.stat().st_size > _MOST_DATA:
        raise YettError(f"{path} is larger than {_MOST_DATA:,} bytes", code="data-invalid", hint="split it")
    data = path.read_bytes()
    rows = _csv_rows(data, path) if path.suffix.lower() == ".csv" else _document_rows(data, path)
    if not rows:
        raise YettError(f"{path} holds no rows", code="data-invalid", hint="give it a line of names and one of values")
    if len(rows) > _MOST_ROWS:
        raise YettError(f"{path} holds more than {_MOST_ROWS:,} rows", code="data-invalid", hint="split it")
    return tuple(rows)


def _csv_rows(data: bytes, path: Path) -> list[Mapping[str, str]]:
    try:
        reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        rows: list[Mapping[str, str]] = []
        for row in reader:
            if None in row or None in row.values():
                message = f"{path}: line {reader.line_num} does not have as many values as there are names"
                raise YettError(message, code="data-invalid", hint="check commas and quotes")
            rows.append({str(key): str(value) for key, value in row.items()})
            if len(rows) > _MOST_ROWS:
                break
        return rows
    except (UnicodeDecodeError, csv.Error) as error:
        raise YettError(f"{path} is no CSV: {error}", code="data-invalid", hint="save it as CSV in UTF-8") from None


def _document_rows(data: bytes, path: Path) -> list[Mapping[str, str]]:
    try:
        value = read_document(data, file=str(path)).value
    except DocumentError as error:
        raise ConfigurationError(error.diagnostics) from None
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise YettError(f"{path} is no list of objects", code="data-invalid", hint='write [{"name": "value"}]')
    return [{key: text_of(held) for key, held in row.items()} for row in value]


def expected_of(outcome: Outcome) -> str:
    """What went wrong in one line."""
    if outcome.error:
        return outcome.error
    first = next((one for one in outcome.checked if not one.held), None)
    return "" if first is None else f"{first.expected}: {first.seen}"


def report_json(report: RunReport) -> str:
    """A report for programs."""
    document = {
        "collection": report.collection,
        "passed": not report.failed,
        "requests": len(report.outcomes),
        "failed": len(report.failed),
        "unsent": report.unsent,
        "assertions": report.assertions,
        "scripts_not_run": report.scripts,
        "seconds": round(report.seconds, 3),
        "outcomes": [_outcome_json(one) for one in report.outcomes],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _outcome_json(one: Outcome) -> dict[str, object]:
    return {
        "title": one.title, "row": one.row, "method": one.method, "url": one.url, "operation": one.operation,
        "passed": one.passed, "status": one.status, "took_ms": round(one.took_ms, 3), "size": one.size,
        "error": one.error, "curl": "" if one.passed else one.curl,
        "assertions": [{"expected": each.expected, "held": each.held, "seen": each.seen} for each in one.checked],
    }  # fmt: skip


def run_summary(report: RunReport) -> str:
    """A run in one sentence."""
    passed = len(report.outcomes) - len(report.failed)
    told = f"{passed:,} of {len(report.outcomes):,} requests as expected"
    told += f", {report.assertions:,} assertions, {report.seconds:.2f} s"
    unsent = f"; {report.unsent:,} not sent" if report.unsent else ""
    scripts = f"; {report.scripts:,} scripts of other programs were not run" if report.scripts else ""
    return told + unsent + scripts


def _cases(report: RunReport) -> list[Case]:
    return [
        Case(
            f"{report.collection}{f' [row {one.row + 1}]' if one.row else ''}",
            one.title,
            one.took_ms / 1000,
            expected_of(one),
            detail=one.curl,
        )
        for one in report.outcomes
    ]


def run_xml(report: RunReport) -> str:
    """A report as JUnit's XML."""
    return junit(f"yett collection {report.collection}", _cases(report))


def run_page(report: RunReport) -> str:
    """A report as a page."""
    return page(f"Run of {report.collection}", [run_summary(report)], _cases(report))
