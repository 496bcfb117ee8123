"""Mistakes around issuers: APIs that could not tell whose token they hold, and tokens of nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yett.model.api import Api
    from yett.model.configuration import Configuration, Unread
    from yett.model.diagnostic import Diagnostic


def check_issuers(configuration: Configuration, unread: Unread) -> Iterator[Diagnostic]:
    """Every such mistake."""
    if "issuers" in unread.sections or unread.names.get("issuers"):
        return
    for api in configuration.apis:
        if api.identify.jwt is not None:
            yield from _of_api(api, configuration)
        if (asked := api.identify.introspection) is not None:
            silent = [one for one in configuration.issuers if one.name == asked.name and one.introspection is None]
            message = f"the issuer `{asked.name}` has no `introspection`, so nobody can say what its tokens are worth"
            yield from (asked.place.diagnostic("introspection-missing", message) for _ in silent)


def _of_api(api: Api, configuration: Configuration) -> Iterator[Diagnostic]:
    tokens = api.identify.jwt
    named = None if tokens is None or tokens.issuers is None else {one.name for one in tokens.issuers}
    issuers = [one for one in configuration.issuers if named is None or one.name in named]
    if not configuration.issuers and configuration.tokens is None:
        message = f"the API `{api.name}` accepts tokens, but there is no issuer"
        yield api.place.diagnostic("issuer-missing", message, hint="describe one under `issuers`, or set `tokens`")
    first: dict[str, str] = {}
    for one in issuers:
        if one.issuer in first:
            message = f"`{first[one.issuer]}` and `{one.name}` are the same issuer to the API `{api.name}`"
            yield one.place.diagnostic("issuer-ambiguous", message, hint="name one of them in `identify: {jwt: ...}`")
        first.setdefault(one.issuer, one.name)
