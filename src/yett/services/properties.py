"""Requests made up from a contract, by Schemathesis: many that fit it, and many that do not. Nothing is sent here."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from yett.errors import YettError

if TYPE_CHECKING:
    from yett.contract import Operation

Made = tuple[str, str, Mapping[str, str], bytes | None]
"""A method, a target, headers and a body."""
_PLACE: Final = "http://api.invalid"
_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")


class TimeOverError(Exception):
    """Raised by whoever is handed a request, to end the making of requests."""


def properties(
    document: dict[str, Any], operations: Sequence[Operation], kinds: Sequence[bool], cases: int, seed: int
) -> Iterator[tuple[Operation, bool, Callable[[Callable[[Made], None]], None]]]:
    """For each operation and kind (`True`: fitting) what makes the requests and hands each to a function.

    The same seed makes the same requests. Raises `YettError` where Schemathesis is not installed.
    """
    try:
        import schemathesis
    except ImportError:
        raise YettError(
            "Schemathesis is not installed", code="extra-missing", hint="run `pip install 'yett[test]'`"
        ) from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        schema = schemathesis.openapi.from_dict(_without_security(document))
        made = {(one.method.upper(), one.path): one for one in _usable(schema)}
    for operation in operations:
        found = made.get((operation.method, operation.path))
        for fits in kinds if found is not None else ():
            yield operation, fits, _runner(found, fits, cases, seed)


def _usable(schema: Any) -> Iterator[Any]:
    for result in schema.get_all_operations():
        try:
            yield result.ok()
        except Exception:  # noqa: S112 - of an operation that it cannot read there is no request
            continue


def _without_security(document: dict[str, Any]) -> dict[str, Any]:
    """The contract without its proofs: they are sent with every request, and no request is bad for lack of one."""
    bare = deepcopy(document)
    bare.pop("security", None)
    bare.get("components", {}).pop("securitySchemes", None)
    for item in bare.get("paths", {}).values():
        for method in _METHODS:
            if isinstance(item, dict) and isinstance(item.get(method), dict):
                item[method].pop("security", None)
    return bare


def _runner(found: Any, fits: bool, cases: int, seed: int) -> Callable[[Callable[[Made], None]], None]:
    import hypothesis
    from hypothesis.errors import HypothesisException
    from schemathesis import GenerationMode

    def run(hand: Callable[[Made], None]) -> None:
        mode = GenerationMode.POSITIVE if fits else GenerationMode.NEGATIVE

        def each(case: Any) -> None:
            made = _made(case)
            if made is not None:
                hand(made)

        settings = hypothesis.settings(
            max_examples=cases,
            deadline=None,
            database=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                strategy = found.as_strategy(generation_mode=mode)
                # Given by what is made at run time: no type says it.
                given: Any = hypothesis.given(strategy)
                trial: Any = settings(given(each))
                trial = hypothesis.seed(seed)(trial)
                trial()
            except (HypothesisException, RecursionError, TimeOverError):
                # The time is over; or nothing can be made that is bad, or good: there is no request then.
                return

    return run


def _made(case: Any) -> Made | None:
    """A case as it is sent; `None` where it cannot be written as HTTP."""
    import requests

    try:
        sent = requests.Request(**case.as_transport_kwargs(base_url=_PLACE)).prepare()
    except (requests.RequestException, ValueError, TypeError, OverflowError):
        return None
    parts = urlsplit(sent.url or "")
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body
    if body is not None and not isinstance(body, bytes):
        return None
    headers = {
        str(name): value.decode("latin-1") if isinstance(value, bytes) else str(value)
        for name, value in sent.headers.items()
    }
    aside = {
        "content-length", "user-agent", "transfer-encoding", "x-schemathesis-testcaseid", "accept", "accept-encoding",
        "connection",
    }  # fmt: skip
    kept = {name: value for name, value in headers.items() if name.lower() not in aside}
    return sent.method or "GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), kept, body
