"""Every case of HTTP/1."""

from __future__ import annotations

from tests.wire.cases import framing, heads, targets

TABLES = (
    framing.framings,
    framing.chunks,
    framing.trailers,
    heads.hop,
    heads.fields,
    heads.lines,
    heads.hosts,
    heads.waits,
    heads.versions,
    heads.pipes,
    targets.paths,
)
CASES = [case for table in TABLES for case in table.cases]
