"""Plays every case to nginx, HAProxy and Envoy, and keeps what came of them: `python -m tests.wire.rivals [NAME...]`.

They are set up as the benchmark sets them up: as plain proxies, with their defaults otherwise.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import rivals
from bench.subjects import free_port
from bench.tools import ToolMissing, Tools, gather
from tests.wire.caller import talk
from tests.wire.cases.all import CASES
from tests.wire.cases.frames import CASES2
from tests.wire.cases.spell import get, raw
from tests.wire.http2 import talk2
from tests.wire.stage import Stage
from tests.wire.upstream import listening
from tests.wire.verdicts import result, result2

KEPT = Path(__file__).with_name("rivals.json")
PATIENCE = 1.5
"""Seconds without a byte after which a rival is taken to wait for more. Envoy delays a close by one second."""


def _command(name: str, tools: Tools, port: int, upstream: int, home: Path, http2: bool) -> list[str | Path]:
    home.mkdir(parents=True)
    if name == "nginx":
        (home / "nginx.conf").write_text(rivals.nginx(port, upstream, home, http2=http2))
        return [tools.nginx, "-c", home / "nginx.conf", "-p", home]
    if name == "haproxy":
        text = rivals.haproxy(port, upstream, home)
        address = f"bind 127.0.0.1:{port}"
        (home / "haproxy.cfg").write_text(text.replace(address, address + " proto h2" * http2))
        return [tools.haproxy, "-f", home / "haproxy.cfg"]
    (home / "envoy.json").write_text(rivals.envoy(port, upstream, home))
    return [tools.envoy, "-c", home / "envoy.json", "--concurrency", "1", "--base-id", str(port), "-l", "error"]


@contextmanager
def _serving(command: list[str | Path], port: int, tools: Tools, http2: bool) -> Iterator[None]:
    process = subprocess.Popen(
        command, env=tools.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _wait(port, process, http2)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _wait(port: int, process: subprocess.Popen[bytes], http2: bool) -> None:
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        try:
            ready = talk2(port, b"", 2, streams=0).in_step if http2 else talk(port, raw(get()), 2).in_step
        except OSError:
            ready = False
        if ready:
            return
        time.sleep(0.1)
    raise ToolMissing(f"{process.args!s} does not serve")


def play(name: str, tools: Tools, home: Path) -> dict[str, str]:
    """Return what came of each case."""
    found: dict[str, str] = {}
    with listening() as upstream:
        ports = free_port(), free_port()
        stage = Stage(*ports, upstream, patience=PATIENCE)
        for http2, port in enumerate(ports):
            command = _command(name, tools, port, upstream.port, home / f"{name}{http2}", bool(http2))
            with _serving(command, port, tools, bool(http2)):
                if http2:
                    found |= {str(case): result2(case, *stage.play2(case)).value for case in CASES2}
                else:
                    found |= {str(case): result(case, *stage.play(case)).value for case in CASES}
    return found


def main() -> int:
    """Play everything to everyone and keep it; return 1 if a rival cannot be had."""
    try:
        tools = gather()
        with tempfile.TemporaryDirectory(prefix="yett-wire-") as home:
            kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
            for name in sys.argv[1:] or ("nginx", "haproxy", "envoy"):
                version = tools.versions()[name].partition(" - ")[0]
                kept[name] = {"version": version, "results": play(name, tools, Path(home))}
    except ToolMissing as missing:
        sys.stderr.write(f"wire: {missing}\n")
        return 1
    KEPT.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
