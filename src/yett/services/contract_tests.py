"""Tests made from a contract: its examples, requests that fit it and requests that do not, and who may call what."""

from __future__ import annotations

import ipaddress
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from yett.collections.play import Outgoing
from yett.collections.verdicts import Answer
from yett.contract import example_request, load_contract
from yett.contract.fitting import Fitting
from yett.errors import ConfigurationError, YettError
from yett.model.diagnostic import has_errors
from yett.services.access import read_scene
from yett.services.access_trial import try_on_own_gateway
from yett.services.assembly import assemble
from yett.services.collection_run import curl_of
from yett.services.designs import bundle_contract
from yett.services.own_gateway import base_url, key_header, own_gateway
from yett.services.properties import TimeOverError, properties
from yett.services.reports import Case, junit, page
from yett.services.sending import Sender, SendError, SendOptions

if TYPE_CHECKING:
    from yett.contract import Contract, Operation

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_PROBLEM: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class TrialOptions:
    """What is tried: `cases` for each operation and kind, and with `all_methods` what may change other machines."""

    seed: int
    cases: int = 25
    seconds: float = 120.0
    timeout_s: float = 10.0
    only: tuple[str, ...] = ()
    negative: bool = True
    access: bool = True
    all_methods: bool = False
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    app: str = ""
    insecure: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """An API that is tested: its contract and file, where it is asked, and with which headers."""

    contract: Contract
    file: Path
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    gateway: bool = False
    safe_only: bool = False


@dataclass(slots=True)
class TrialReport:
    """What was tried. `refused` counts answers by which the gateway refused what was to be tried, by their code."""

    seed: int
    cases: list[Case] = field(default_factory=list)
    sent: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def failures(self) -> list[Case]:
        """Those that failed."""
        return [one for one in self.cases if one.failure]

    def told(self) -> list[str]:
        """The report in sentences."""
        skipped = sum(bool(one.skipped) for one in self.cases)
        passed = len(self.cases) - len(self.failures) - skipped
        counts = f"{passed:,} passed, {len(self.failures):,} failed, {skipped:,} not tried"
        lines = [f"{counts}; {self.sent:,} requests in {self.seconds:.1f} s; seed {self.seed}"]
        codes = ", ".join(f"{number:,} {code}" for code, number in sorted(self.refused.items()))
        return [*lines, f"refused by the gateway before the upstream was asked: {codes}"] if codes else lines


def try_configuration(path: str, environment: Mapping[str, str], options: TrialOptions) -> TrialReport:
    """Test every API of a configuration through a gateway of its own, in front of the upstreams it names.

    Raises `ConfigurationError` for mistakes, `GatewayError` where no gateway can be started, `YettError` without the
    engine that makes the requests.
    """
    report, began = TrialReport(options.seed), time.monotonic()
    with ExitStack() as held:
        own = held.enter_context(own_gateway(assemble(path, environment, need_secrets=False), app=options.app))
        for api in own.assembly.configuration.apis:
            header = key_header(api, own.key)
            near = api.mock or all(_is_near(one.url) for one in api.upstream.all_targets())
            subject = Subject(
                own.assembly.contracts[api.name], Path(api.contract), base_url(own, api), {**header, **options.headers},
                {own.key: "YETT_KEY", **options.secrets}, gateway=True, safe_only=not (near or options.all_methods),
            )  # fmt: skip
            _test(subject, options, report, began)
    if options.access:
        _access(path, environment, report)
    report.seconds = time.monotonic() - began
    return report


def try_url(url: str, contract: Path, options: TrialOptions) -> TrialReport:
    """Test what answers at `url` against a contract. Who names an address by hand answers for asking it.

    Raises as `try_configuration`.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise YettError("an address is http or https", code="address-invalid", hint="write `http://127.0.0.1:8080`")
    loaded = load_contract(contract, api=contract.name.partition(".")[0])
    if has_errors(loaded.diagnostics):
        raise ConfigurationError(loaded.diagnostics)
    report, began = TrialReport(options.seed), time.monotonic()
    safe_only = not (_is_near(url) or options.all_methods)
    subject = Subject(loaded, contract, url.rstrip("/"), options.headers, options.secrets, safe_only=safe_only)
    _test(subject, options, report, began)
    report.seconds = time.monotonic() - began
    return report


def _is_near(url: str) -> bool:
    """Whether an address is on this machine: what a test changes there is nobody else's."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _test(subject: Subject, options: TrialOptions, report: TrialReport, began: float) -> None:
    made = bundle_contract(subject.file)
    if made.document is None:
        raise ConfigurationError(made.diagnostics)
    chosen = [one for one in subject.contract.operations if not options.only or one.operation_id in options.only]
    tried = [one for one in chosen if not subject.safe_only or one.method in SAFE]
    for one in chosen:
        if one not in tried:
            reason = "it may change things elsewhere: say --all-methods"
            report.cases.append(Case(subject.contract.api, one.operation_id, skipped=reason))
    fitting = Fitting(subject.contract)
    with Sender(SendOptions(options.timeout_s, insecure=options.insecure), frozenset(subject.headers)) as sender:
        trial = Trial(subject, options, report, fitting, sender, began + options.seconds)
        for one in tried:
            trial.example(one)
        kinds = (True, False) if options.negative else (True,)
        for one, fits, cases in properties(made.document, tried, kinds, options.cases, options.seed):
            trial.property(one, fits, cases)


@dataclass(slots=True)
class Trial:
    """Sends requests to one API and judges the answers."""

    subject: Subject
    options: TrialOptions
    report: TrialReport
    fitting: Fitting
    sender: Sender
    deadline: float

    def example(self, operation: Operation) -> None:
        """Send the contract's own example of an operation."""
        made = example_request(self.subject.contract, operation)
        url = self.subject.url + made.path + (f"?{made.query}" if made.query else "")
        request = self.outgoing(made.method, url, made.headers, made.body)
        name = f"{operation.operation_id}: the contract's example"
        began = time.monotonic()
        answer, failure = self.ask(request)
        failure = failure or self.judged(operation, answer, fits=True, example=True)
        detail = curl_of(request, self.subject.secrets) if failure else ""
        self.report.cases.append(
            Case(self.subject.contract.api, name, time.monotonic() - began, failure, detail=detail)
        )

    def property(self, operation: Operation, fits: bool, run: Callable[[Callable[[Any], None]], None]) -> None:
        """Send many requests that fit, or do not fit, an operation; of each failure the shortest request is kept."""
        found: dict[str, str] = {}
        began, sent = time.monotonic(), self.report.sent

        def one(made: tuple[str, str, Mapping[str, str], bytes | None]) -> None:
            if time.monotonic() > self.deadline:
                raise TimeOverError
            method, target, headers, body = made
            request = self.outgoing(method, self.subject.url + target, headers, body)
            answer, failure = self.ask(request)
            failure = failure or self.judged(operation, answer, fits=fits, example=False)
            if failure:
                curl = curl_of(request, self.subject.secrets)
                found[failure] = min(found.get(failure, curl), curl, key=len)

        run(one)
        kind = "fit the contract" if fits else "do not fit it"
        name = f"{operation.operation_id}: requests that {kind}"
        group, took = self.subject.contract.api, time.monotonic() - began
        if self.report.sent == sent:
            self.report.cases.append(Case(group, name, skipped="there was no time left, or no such request"))
        elif not found:
            self.report.cases.append(Case(group, name, took))
        self.report.cases += [Case(group, name, took, failure, detail=curl) for failure, curl in found.items()]

    def outgoing(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Outgoing:
        """A request with the headers that every one has."""
        own = {name.lower(): value for name, value in self.subject.headers.items()}
        sent = {name.lower(): value for name, value in headers.items() if name.lower() not in own}
        return Outgoing(method, url, tuple({**sent, **own}.items()), body)

    def ask(self, request: Outgoing) -> tuple[Answer, str]:
        """The answer, or why there is none."""
        self.report.sent += 1
        try:
            return self.sender.send(request), ""
        except SendError as error:
            return Answer(0), str(error)

    def judged(self, operation: Operation, answer: Answer, *, fits: bool, example: bool) -> str:
        """What is wrong with an answer; empty where it is as it should be."""
        code = _code(answer) if self.subject.gateway else ""
        if code:
            return self.refused(code, answer.status, fits=fits, example=example)
        if answer.status >= 500:
            return f"the server fails: {answer.status}"
        if not fits:
            return f"a request that does not fit is accepted: {answer.status}" if answer.status < 400 else ""
        names = {name for name, _ in answer.headers}
        headers = {name: answer.header(name) or "" for name in names}
        if operation.method == "HEAD":
            return ""
        return self.fitting.reason(operation.operation_id, answer.status, headers, answer.body) or ""

    def refused(self, code: str, status: int, *, fits: bool, example: bool) -> str:
        """What is wrong where the gateway itself answers."""
        if status >= 500:
            return f"the gateway had to stop the answer of the upstream: {code}"
        if example and code == "request-invalid":
            return "the contract's own example does not fit the contract"
        if fits:
            self.report.refused[code] = self.report.refused.get(code, 0) + 1
        return ""


def _code(answer: Answer) -> str:
    """The code by which a gateway of ours answered; empty where the upstream did."""
    if not (answer.header("content-type") or "").startswith(_PROBLEM) or not answer.json:
        return ""
    value = answer.json[0]
    is_ours = isinstance(value, dict) and isinstance(value.get("code"), str) and "decision" in value
    return str(value["code"]) if is_ours else ""


def _access(path: str, environment: Mapping[str, str], report: TrialReport) -> None:
    """Ask a gateway every cell of the access matrix."""
    began = time.monotonic()
    trial = try_on_own_gateway(read_scene(path, environment))
    report.sent += trial.asked
    took = time.monotonic() - began
    if not trial.unlike:
        report.cases.append(Case("access", f"{trial.asked:,} cells of the access matrix", took))
    for one in trial.unlike:
        wanted = "allowed" if one.computed else "refused"
        report.cases.append(
            Case(
                "access",
                f"{one.principal} calls {one.operation}",
                0.0,
                f"it should be {wanted}; the answer is {one.answer}",
            )
        )


def json_of(report: TrialReport) -> str:
    """A report for programs."""
    document = {
        "passed": not report.failures, "seed": report.seed, "sent": report.sent, "seconds": round(report.seconds, 3),
        "refused": report.refused,
        "cases": [
            {"group": one.group, "name": one.name, "failure": one.failure, "skipped": one.skipped, "curl": one.detail}
            for one in report.cases
        ],
    }  # fmt: skip
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def reports() -> Mapping[str, Callable[[TrialReport], str]]:
    """The forms of a report by their names."""
    return {
        "json": json_of,
        "junit": lambda report: junit("yett test", report.cases),
        "html": lambda report: page("Contract tests", report.told(), report.cases),
    }


def spoken(report: TrialReport) -> Iterator[Case]:
    """What is worth telling one by one: failures first."""
    yield from report.failures
    yield from (one for one in report.cases if one.skipped)


def secret_headers(given: Sequence[str], environment: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Headers written as `Name: value`, in which `$NAME` is a variable of the environment; and the secrets in them.

    Raises `YettError` for what is no header, and for a variable that is not set.
    """
    headers: dict[str, str] = {}
    secrets: dict[str, str] = {}
    for one in given:
        name, colon, value = one.partition(":")
        if not colon or not name.strip():
            raise YettError(
                "a header is written `Name: value`", code="header-invalid", hint="write -H 'x-api-key: $SHOP_KEY'"
            )
        headers[name.strip().lower()] = " ".join(_words(value, environment, secrets))
    return headers, secrets


def _words(value: str, environment: Mapping[str, str], secrets: dict[str, str]) -> Iterator[str]:
    for word in value.strip().split(" "):
        if not (word.startswith("$") and word[1:].isidentifier()):
            yield word
        elif word[1:] in environment:
            secrets[environment[word[1:]]] = word[1:]
            yield environment[word[1:]]
        else:
            raise YettError(f"the environment variable {word[1:]} is not set", code="secret-missing")
