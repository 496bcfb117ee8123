"""The configuration beside a new contract: whom the gateway lets in, and how much of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yett.design.contract import names_of

if TYPE_CHECKING:
    from yett.design.contract import NewApi


def settings_of(api: NewApi, contract: str, upstream: str) -> dict[str, Any]:
    """The configuration of a gateway for one API, whose contract stands in the file of that name.

    It has a profile for those who read and one for those who also change, and an app of each that has no key yet.
    """
    reading, changing = names_of(api.resources)
    kept = [{"name": "reading", "operations": [f"{api.name}:{one}" for one in reading]}]
    kept += [{"name": "changing", "operations": [f"{api.name}:{one}" for one in changing]}]
    return {
        "yett": 1,
        "gateway": {"listen": "127.0.0.1:8080"},
        "apis": [
            {
                "name": api.name,
                "contract": contract,
                "upstream": upstream,
                "base_path": f"/{api.name}",
                "owner": api.owner,
                "identify": ["api-key"],
            }
        ],
        "collections": kept,
        "profiles": [
            {
                "name": "reader",
                "grants": [{"collection": "reading"}],
                "limits": [{"requests": 100, "per": "minute"}],
            },
            {
                "name": "editor",
                "inherits": ["reader"],
                "grants": [{"collection": "changing"}],
                "limits": [{"requests": 300, "per": "minute"}],
            },
        ],
        "teams": [{"name": api.owner}],
        "apps": [
            {"name": f"{api.name}-reader", "team": api.owner, "profiles": ["reader"]},
            {"name": f"{api.name}-editor", "team": api.owner, "profiles": ["editor"]},
        ],
    }
