"""Serve a contract without an API behind it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from yett.errors import ConfigurationError
from yett.model.diagnostic import Diagnostic
from yett.services.run import DEFAULT_GRACE_S, run_gateway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from yett.services.news import News

# Never asked, and never there (RFC 2606).
_NOWHERE: Final = "http://mock.invalid"


@contextmanager
def mock_configuration(contract: str, listen: str) -> Iterator[str]:
    """A configuration that answers with the contract's examples, and is gone afterwards."""
    api: dict[str, Any] = {
        "name": "mock",
        "contract": str(Path(contract).resolve()),
        "upstream": _NOWHERE,
        "public": True,
        "mock": True,
    }
    with TemporaryDirectory(prefix="yett-mock-") as folder:
        path = Path(folder) / "yett.yaml"
        # JSON is YAML: no name of a file can break out of it.
        path.write_text(json.dumps({"yett": 1, "gateway": {"listen": listen}, "apis": [api]}), encoding="utf-8")
        yield str(path)


def run_mock(
    contract: str,
    listen: str,
    environment: Mapping[str, str],
    tell: Callable[[News], None],
    *,
    grace_s: float = DEFAULT_GRACE_S,
) -> None:
    """Serve the contract until SIGTERM or SIGINT, in step with its file.

    Raises `ConfigurationError` when the contract has errors, and `GatewayError` when it cannot be served.
    """
    try:
        with Path(contract).open("rb"):
            pass
    except OSError as error:
        # Told by its own name: the configuration of a mock is nobody's file.
        message = f"the contract cannot be read: {(error.strerror or str(error)).lower()}"
        raise ConfigurationError(
            (Diagnostic(contract, 0, "", "contract-unreadable", message, "check the path"),)
        ) from None
    with mock_configuration(contract, listen) as path:
        run_gateway(path, environment, tell, grace_s=grace_s)
