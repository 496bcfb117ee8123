"""How an API is exposed, in the snapshot's form; and the paths of its operations at the upstream."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from yett.compile.fields import compact
from yett.model.proxy import Proxy
from yett.model.stolen import Failures, Networks
from yett.model.suggestion import did_you_mean
from yett.model.upstream import Hash

if TYPE_CHECKING:
    from yett.compile.source import ContractSource
    from yett.model.api import Api
    from yett.model.configuration import Configuration
    from yett.model.diagnostic import Diagnostic
    from yett.model.gateway import GatewaySettings
    from yett.model.place import Place
    from yett.model.proxy import HeaderRules, Rewrite

_NAME: Final = re.compile(r"\{([^{}]*)\}")


def compile_proxy(proxy: Proxy) -> dict[str, Any]:
    """`Proxy` of the snapshot: only what differs from its defaults."""
    usual, identity = Proxy(), proxy.upstream_identity
    compiled: dict[str, Any] = {}
    if proxy.strip_base_path != usual.strip_base_path:
        compiled["strip_base_path"] = proxy.strip_base_path
    if proxy.security_headers != usual.security_headers:
        compiled["security_headers"] = proxy.security_headers
    if proxy.forwarded != usual.forwarded:
        compiled["forwarded"] = proxy.forwarded
    if proxy.cookies != usual.cookies:
        cookies = proxy.cookies
        fixed = {"secure": cookies.secure, "http_only": cookies.http_only, "same_site": cookies.same_site}
        compiled["cookies"] = fixed | compact(exceptions=list(cookies.exceptions))
    if proxy.protection != usual.protection:
        compiled["protection"] = asdict(proxy.protection)
    if proxy.replaced_errors != usual.replaced_errors:
        compiled["errors"] = {"replace": list(proxy.replaced_errors)}
    compiled |= compact(
        redirects=[
            {"from": one.source, "to": one.target, "status": one.status, "keep_query": one.keep_query}
            for one in proxy.redirects
        ],
        headers=compact(request=_rules(proxy.request_headers), response=_rules(proxy.response_headers)),
    )
    if identity is not None:
        compiled["upstream_identity"] = {
            "audience": identity.audience,
            "lifetime_s": identity.lifetime_s,
            "header": identity.header,
        }
    return compiled


def _rules(rules: HeaderRules) -> dict[str, Any]:
    compiled = compact(remove=list(rules.remove), set=dict(rules.set))
    # An empty list of what may pass is not the same as none.
    return compiled if rules.allow is None else compiled | {"allow": list(rules.allow)}


def compile_edge(settings: GatewaySettings) -> dict[str, Any]:
    """The gateway's own part: whom it believes about callers, traces, and who signs tokens."""
    tracing, identity = settings.tracing, settings.identity
    usual = type(tracing)()
    return compact(
        trusted_proxies=list(settings.trusted_proxies),
        tracing={} if tracing == usual else {"accept": tracing.accept, "sample_percent": tracing.sample_percent},
        identity=None if identity is None else compact(issuer=identity.issuer, jwks=identity.jwks),
        failures={} if settings.failures == Failures() else asdict(settings.failures),
        networks={} if settings.networks == Networks() else asdict(settings.networks),
        leaks=None if settings.leaks is None else asdict(settings.leaks),
        log_subjects=None if settings.log_subjects == "hashed" else settings.log_subjects,
    )


def upstream_path(own: str | None, rewrites: tuple[Rewrite, ...], path: str) -> str | None:
    """The name of the contract's `path` at the upstream; `None` where it has no other."""
    if own is not None:
        return own
    written = (one for rewrite in rewrites if (one := _rewritten(rewrite, path)) is not None)
    return next(written, None)


def _rewritten(rewrite: Rewrite, path: str) -> str | None:
    """`path` by the name that `rewrite` gives it. Parameters are matched by their places, their names may differ."""
    rest = ""
    source, target = rewrite.source, rewrite.target
    if source.endswith("/*"):
        source, target = source.removesuffix("/*"), target.removesuffix("/*")
        parts, own = path.split("/"), source.split("/")
        path, rest = "/".join(parts[: len(own)]), "/".join(["", *parts[len(own) :]])
        if len(parts) <= len(own):
            return None
    if _NAME.sub("{}", source) != _NAME.sub("{}", path):
        return None
    names = dict(zip(_NAME.findall(source), _NAME.findall(path), strict=True))
    return _NAME.sub(lambda match: f"{{{names.get(match[1], match[1])}}}", target) + rest


def check_proxies(configuration: Configuration, contracts: Mapping[str, ContractSource]) -> Iterator[Diagnostic]:
    """Paths for upstreams and keys of balancing that cannot be, and tokens without an issuer."""
    for api in configuration.apis:
        contract = contracts.get(api.name)
        yield from _check_rewrites(api, contract)
        yield from _check_balance(api, contract)
        identity = api.proxy.upstream_identity
        if identity is not None and configuration.gateway.identity is None:
            hint = "write `identity: {issuer: https://gateway.example.com}` under `gateway`"
            yield identity.place.diagnostic("issuer-missing", "tokens for upstreams need an issuer", hint=hint)


def _check_rewrites(api: Api, contract: ContractSource | None) -> Iterator[Diagnostic]:
    for rewrite in api.proxy.rewrites:
        if rewrite.source.endswith("/*") != rewrite.target.endswith("/*"):
            message = "both `from` and `to` end in `/*`, or neither does"
            yield rewrite.place.diagnostic("rewrite-invalid", message)
        yield from _unknown(rewrite.target, rewrite.source, rewrite.place)
        paths = [] if contract is None else [one.path for one in contract.operations]
        if paths and all(_rewritten(rewrite, path) is None for path in paths):
            hint = did_you_mean(rewrite.source, paths)
            yield rewrite.place.diagnostic(
                "rewrite-unmatched", f"the contract has no path `{rewrite.source}`", hint=hint
            )
    known = {} if contract is None else {one.operation_id: one.path for one in contract.operations}
    for own in api.operations:
        if own.upstream_path is not None and own.operation_id in known:
            yield from _unknown(own.upstream_path, known[own.operation_id], own.place)


def _check_balance(api: Api, contract: ContractSource | None) -> Iterator[Diagnostic]:
    balance = api.upstream.balance
    if contract is None or not isinstance(balance, Hash) or balance.kind != "path":
        return
    names = sorted({name for operation in contract.operations for name in _NAME.findall(operation.path)})
    if balance.name not in names:
        message = f"no path of the contract has a parameter `{balance.name}`, so it cannot tell targets apart"
        yield api.upstream.place.diagnostic("parameter-unknown", message, hint=did_you_mean(balance.name, names))


def _unknown(target: str, source: str, place: Place) -> Iterator[Diagnostic]:
    names = _NAME.findall(source)
    for name in _NAME.findall(target):
        if name not in names:
            message = f"`{source}` has no parameter `{name}`"
            yield place.diagnostic("parameter-unknown", message, hint=did_you_mean(name, names))
