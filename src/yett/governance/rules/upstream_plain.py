"""Upstreams that are spoken with in the clear."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from yett.governance.addresses import is_loopback
from yett.governance.settings import Remark, Settings, SettingsRule


def _look(settings: Settings) -> Iterator[Remark]:
    for api in settings.configuration.apis:
        for target in api.upstream.all_targets():
            parts = urlsplit(target.url)
            if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
                yield Remark(api.upstream.place, f"`{api.name}` asks {parts.hostname} in the clear")


RULE = SettingsRule(
    id="settings-upstream-plain",
    severity="warn",
    title="An upstream is spoken with in the clear",
    why="Whoever can listen between the gateway and the upstream reads every request, and may change it.",
    fix="write https:// for the upstream, with `tls.ca` where its certificate is of an authority of your own",
    good="""\
apis: [{name: shop, upstream: 'https://shop.internal'}]
""",
    bad="""\
apis: [{name: shop, upstream: 'http://shop.internal'}]
""",
    look=_look,
)
