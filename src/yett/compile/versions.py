"""Versions and retirements, in the snapshot's form."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from yett.compile.fields import compact

if TYPE_CHECKING:
    from yett.model.version import Retirement, Version


def compile_placement(version: Version | None) -> dict[str, Any] | None:
    """`Placement` of the snapshot; `None` where the base path tells the version."""
    if version is None or version.at is None:
        return None
    return compact(
        version=version.name,
        at={version.at.kind: version.at.name},
        default=version.default or None,
        fallback=version.fallback or None,
    )


def join_retirements(of_api: Retirement | None, own: Retirement | None) -> Retirement | None:
    """What an operation says itself comes before what its API says; the earlier sunset counts."""
    if of_api is None or own is None:
        return own or of_api
    sunsets = [one for one in (own.sunset_at, of_api.sunset_at) if one is not None]
    return replace(
        own,
        deprecated_at=of_api.deprecated_at if own.deprecated_at is None else own.deprecated_at,
        sunset_at=min(sunsets, default=None),
        guide=own.guide or of_api.guide,
        brownouts=own.brownouts + of_api.brownouts,
    )


def compile_retirement(of_api: Retirement | None, own: Retirement | None) -> dict[str, Any] | None:
    """`Retirement` of an operation in the snapshot."""
    told = join_retirements(of_api, own)
    if told is None:
        return None
    return compact(
        deprecated_at=told.deprecated_at,
        sunset_at=told.sunset_at,
        guide=told.guide,
        brownouts=[{"from": one.since, "until": one.until} for one in told.brownouts],
    )
