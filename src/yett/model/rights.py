"""Console rights: what somebody who operates Yett may do. A closed list, so that none is given by a slip of the pen."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

RIGHTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "api:read": "see APIs, their contracts and their settings",
        "api:edit": "propose changes of APIs and contracts",
        "api:approve": "approve somebody else's change of an API",
        "api:publish": "put a version of an API in force",
        "api:retire": "deprecate and retire versions",
        "apps:read": "see apps",
        "apps:edit": "make, change and remove apps",
        "keys:read": "see which keys there are, never the keys themselves",
        "keys:issue": "give an app a key",
        "keys:rotate": "replace a key by another",
        "keys:revoke": "end a key at once",
        "access:read": "see profiles, policies and who has them",
        "access:edit": "propose changes of profiles, policies and who has them",
        "access:approve": "approve somebody else's change of access",
        "people:read": "see teams and users",
        "people:edit": "make, change and remove teams and users",
        "plans:edit": "change plans",
        "subscriptions:approve": "accept or refuse a subscription",
        "controls:read": "see controls in force",
        "controls:edit": "put controls in force, extend and lift them",
        "findings:read": "see findings",
        "findings:triage": "accept, dismiss and close findings",
        "rules:edit": "change governance rules and rulesets",
        "traffic:read": "see traffic and events",
        "audit:read": "see the audit trail",
        "audit:export": "export the audit trail",
        "gateway:read": "see gateways and what they run",
        "gateway:apply": "apply a configuration to gateways",
        "gateway:rollback": "apply an earlier configuration to gateways",
        "secrets:edit": "replace secrets in the vault, never see them",
    }
)
"""Every right as `resource:action`, and what it allows."""
