"""What the endpoint can do, for programs (RFC 8414)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from yett.tokens.clients import METHODS
from yett.tokens.issue import GRANTS
from yett.tokens.keys import ALGORITHMS

if TYPE_CHECKING:
    from yett.tokens.settings import Settings


def metadata(settings: Settings) -> Mapping[str, Any]:
    """The metadata document."""
    methods, algorithms = list(METHODS), list(ALGORITHMS)
    document: dict[str, Any] = {
        "issuer": settings.issuer,
        "token_endpoint": settings.token_url,
        "jwks_uri": f"{settings.base}/jwks",
        "grant_types_supported": list(GRANTS),
        # A member that must be there; nobody logs in here.
        "response_types_supported": [],
        "dpop_signing_alg_values_supported": algorithms,
        "tls_client_certificate_bound_access_tokens": True,
        "revocation_endpoint": f"{settings.base}/revoke",
        "introspection_endpoint": f"{settings.base}/introspect",
    }
    for name in ("token", "revocation", "introspection"):
        document[f"{name}_endpoint_auth_methods_supported"] = methods
        document[f"{name}_endpoint_auth_signing_alg_values_supported"] = algorithms
    return document
