"""APIs of the snapshot: the configuration's settings laid over the contract's operations."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from yett.compile.fields import compact
from yett.compile.guards import compile_guards, compile_mask, listed
from yett.compile.limits import LimitNames, compile_limits
from yett.compile.proxy import compile_proxy, upstream_path
from yett.compile.upstreams import compile_upstream
from yett.compile.versions import compile_placement, compile_retirement
from yett.model.api import OperationSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yett.compile.source import ContractSource, OperationSource
    from yett.model.api import Api, Identify
    from yett.model.content import Content
    from yett.model.proofs import MessageSignature, Webhook


def compile_api(api: Api, contract: ContractSource, names: LimitNames, issuers: Sequence[str] = ()) -> dict[str, Any]:
    """`Api` of the snapshot. `issuers` are the names of all of them."""
    settings = {one.operation_id: one for one in api.operations}
    compiled = compact(
        name=api.name,
        version=contract.version,
        hosts=list(api.hosts),
        base_path=api.base_path,
        placement=compile_placement(api.version),
        upstream=compile_upstream(api.upstream),
        proxy=compile_proxy(api.proxy),
        guards=compile_guards(api.guards, api.name),
        limits=compile_limits(api.limits, names, "api", api.name),
        callouts=[one.name for one in api.callouts],
        schemas=compact(request=dict(contract.request_schemas), response=dict(contract.response_schemas)),
    )
    compiled["identify"] = _identify(api.identify, issuers)
    compiled["operations"] = [_operation(one, api, settings, names) for one in contract.operations]
    for operation, one in zip(compiled["operations"], contract.operations, strict=True):
        if api.mock:
            operation["mock"] = list(contract.answers(one.operation_id)) or [{"status": 200}]
    return compiled


def _identify(identify: Identify, issuers: Sequence[str]) -> dict[str, Any]:
    return compact(
        public=identify.public,
        api_key=compact(**asdict(identify.api_key)) if identify.api_key else None,
        jwt=_tokens(identify, issuers),
        introspection={"issuer": identify.introspection.name} if identify.introspection else None,
        order=list(identify.order) if len(identify.order) > 1 else None,
        certificate=identify.certificate or None,
        signature=_signature(identify.signature),
        webhook=_webhook(identify.webhook),
        basic=identify.basic or None,
        anonymous=None if identify.anonymous is None else list(dict.fromkeys(one.name for one in identify.anonymous)),
        combine=None if identify.combine == "one" else identify.combine,
        streams_outlive_tokens=identify.streams_outlive_tokens or None,
    )


def _signature(signature: MessageSignature | None) -> dict[str, Any] | None:
    if signature is None:
        return None
    covers = None if signature.covers is None else list(signature.covers)
    return compact(covers=covers, max_age_s=signature.max_age_s, once=signature.once or None)


def _webhook(webhook: Webhook | None) -> dict[str, Any] | None:
    if webhook is None:
        return None
    return compact(
        app=webhook.app.name,
        header=webhook.header,
        format=webhook.format,
        prefix=webhook.prefix or None,
        tolerance_s=webhook.tolerance_s,
        keep=webhook.keep or None,
    )


def _tokens(identify: Identify, issuers: Sequence[str]) -> dict[str, Any] | None:
    if identify.jwt is None:
        return None
    named = identify.jwt.issuers
    given = issuers if named is None else dict.fromkeys(one.name for one in named)
    return compact(dpop_nonce=identify.jwt.dpop_nonce or None) | {"issuers": list(given)}


def _operation(
    operation: OperationSource, api: Api, settings: dict[str, OperationSettings], names: LimitNames
) -> dict[str, Any]:
    own = settings.get(operation.operation_id) or OperationSettings(operation.operation_id)
    compiled = compact(
        id=f"{api.name}:{operation.operation_id}",
        method=operation.method,
        path=operation.path,
        upstream_path=upstream_path(own.upstream_path, api.proxy.rewrites, operation.path),
        public=own.public,
        cost=operation.cost if own.cost is None else own.cost,
        max_body_bytes=api.max_body_bytes if own.max_body_bytes is None else own.max_body_bytes,
        limits=compile_limits(own.limits, names, "operation", api.name, operation.operation_id),
        callouts=[one.name for one in own.callouts],
        priority=None if own.priority == "normal" else own.priority,
        long_lived=own.long_lived or None,
        parameters=list(operation.parameters),
        body=operation.body,
        responses=list(operation.responses),
        idle_timeout_ms=own.idle_timeout_ms,
        retirement=compile_retirement(api.retirement, own.retirement),
        mask=None if own.mask is None else compile_mask(own.mask),
        **_content(operation.method, api.content if own.content is None else own.content),
    )
    if own.graphql is not None:
        compiled["graphql"] = listed(asdict(own.graphql))
    if own.websocket is not None:
        compiled["websocket"] = compact(origins=list(own.websocket.origins))
    return compiled


def _content(method: str, content: Content) -> dict[str, Any]:
    """Only answers to `GET` are kept."""
    cache = content.cache if method == "GET" else None
    decoded = content.decompress_requests
    return compact(
        cache=None if cache is None else compact(**_listed(asdict(cache))),
        compression=None if content.compression is None else _listed(asdict(content.compression)),
        transcode=list(content.transcode),
        decompress_requests=None if decoded is None else _listed(asdict(decoded)),
    )


def _listed(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in fields.items()}
