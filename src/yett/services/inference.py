"""A contract from a recording."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from yett.design.inference import infer
from yett.design.recordings import read_recording
from yett.documents import DocumentError, Limits, read_document
from yett.errors import ConfigurationError, YettError

if TYPE_CHECKING:
    from pathlib import Path

# Recordings hold whole pages: they are larger than what people write.
_LIMITS: Final = Limits(max_bytes=256 * 1024 * 1024, max_nodes=5_000_000)


@dataclass(frozen=True, slots=True)
class Inferred:
    """The contract, how many calls it is made from, and what was passed over, with how often."""

    document: dict[str, Any]
    calls: int
    passed_over: tuple[tuple[str, int], ...]


def infer_contract(path: Path, host: str = "") -> Inferred:
    """The contract of one host's calls in the HAR file at `path`; without `host`, of the host that is called most.

    Raises `ConfigurationError` for a file that cannot be read as JSON, `YettError` where there is nothing in it, and
    `OSError`.
    """
    try:
        value = read_document(path.read_bytes(), file=f"{path}", limits=_LIMITS).value
    except DocumentError as error:
        raise ConfigurationError(error.diagnostics) from None
    found = read_recording(value)
    if found is None:
        raise YettError(
            f"{path} is no HAR file", code="recording-unknown", hint="save the calls as HAR, with their bodies"
        )
    hosts = Counter(call.host for call in found.calls)
    if host and host.lower() not in hosts:
        known = ", ".join(sorted(hosts)[:8])
        raise YettError(f"no call of {host[:100]} was recorded", code="recording-empty", hint=f"recorded are {known}")
    if not hosts:
        raise YettError(
            f"{path} holds no calls of an API", code="recording-empty", hint="record calls that answer with JSON"
        )
    chosen = host.lower() or hosts.most_common(1)[0][0]
    calls = [call for call in found.calls if call.host == chosen]
    for other in sorted(set(hosts) - {chosen}):
        found.passed_over[f"calls of {other} (--host {other} takes them)"] += hosts[other]
    return Inferred(infer(calls, chosen), len(calls), tuple(found.passed_over.most_common()))
