"""`make demo`: the bookshop behind the gateway, with keys made for the occasion and requests to try.

    python examples/bookshop/demo.py           serves until Ctrl-C
    python examples/bookshop/demo.py --once    sends every request that it prints, and fails if one is not as promised

Everything it makes lives in a temporary folder and is gone afterwards.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from yett.access.keys import new_key

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
APPS = ("READER", "BUYER", "CLERK", "VISITOR")


class DemoError(Exception):
    """The demo cannot go on; the message says why."""


@dataclass(frozen=True)
class Trial:
    """A request to paste, and what it is promised to show: the last status, and words of the answer."""

    title: str
    command: tuple[str, ...]
    status: int
    words: tuple[str, ...] = ()

    def line(self) -> str:
        """Return the command as one types it."""
        return shlex.join(self.command)


def trials(base: str, keys: dict[str, str]) -> list[Trial]:
    """Return one request for a success and for each refusal."""

    def curl(path: str, app: str = "", *more: str) -> tuple[str, ...]:
        key = ("-H", f"x-api-key: {keys[app]}") if app else ()
        return ("curl", "-si", "-w", r"\n", base + path, *key, *more)

    def sent(body: object) -> tuple[str, ...]:
        return ("-H", "content-type: application/json", "-d", json.dumps(body))

    address = {"street": "7 Harbour Lane", "city": "Bergen", "country": "NO"}
    order = {"customer_id": 1, "items": [{"book_id": 3, "quantity": 2}], "address": address}
    wrong = {**order, "items": [{"book_id": 3, "quantity": 0}]}
    again = (base + "/books/1",) * 3
    return [
        Trial("200: a public operation needs no key", curl("/health"), 200, ('"open"', "yett-decision: ")),
        Trial(
            "200: the reader searches the catalogue", curl("/books?q=sea&per_page=5", "READER"), 200, ("Letters to",)
        ),
        Trial("201: the buyer orders", curl("/orders", "BUYER", *sent(order)), 201, ('"total"',)),
        Trial("401: no key", curl("/books/1"), 401, ("credential-missing",)),
        Trial("403: the reader may not delete", curl("/books/1", "READER", "-X", "DELETE"), 403, ("access-denied",)),
        Trial("404: the contract has no such path", curl("/secret", "READER"), 404, ("operation-unknown",)),
        Trial("405: the path has no such method", curl("/books/1", "READER", "-X", "PATCH"), 405, ("allow: ", "GET")),
        Trial(
            "400: a field that does not fit the contract, named exactly",
            curl("/orders", "BUYER", *sent(wrong)),
            400,
            ("request-invalid", "/items/0/quantity"),
        ),
        Trial(
            "429: the visitor may ask three times a minute, and asks a fourth time",
            curl("/books/1", "VISITOR", *again),
            429,
            ("rate-exceeded", "retry-after: ", "ratelimit: "),
        ),
    ]


@contextmanager
def process(
    command: list[str | Path], environment: dict[str, str] | None = None, stdout: int | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run a process in a session of its own, so that Ctrl-C reaches only us, and end it kindly."""
    running = subprocess.Popen(command, env=environment, text=True, start_new_session=True, stdout=stdout)
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.wait(15)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def choose_port(wished: int) -> int:
    """Return the wished port if nobody has it, or another that is free."""
    for port in (wished, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            free: int = probe.getsockname()[1]
            return free
    raise DemoError("no port is free")


def lay_out(folder: Path, gateway: int, telemetry: int, upstream: str) -> None:
    """Copy the configuration and its contract, with the ports of this run."""
    shutil.copy(HERE / "bookshop.openapi.yaml", folder)
    text = (HERE / "yett.yaml").read_text()
    for written, now in (
        ("listen: 127.0.0.1:8080", f"listen: 127.0.0.1:{gateway}"),
        ("telemetry: 127.0.0.1:9464", f"telemetry: 127.0.0.1:{telemetry}"),
        ("http://127.0.0.1:9000", upstream),
    ):
        text = text.replace(written, now)
    (folder / "yett.yaml").write_text(text)


def wait_until_open(url: str, gateway: subprocess.Popen[str], patience: float = 30) -> None:
    """Ask until the gateway answers. Raises `DemoError` when it ends or keeps silent."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and gateway.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except urllib.error.HTTPError as error:
            raise DemoError(f"{url} answered {error.code}: {error.read().decode()}") from None
        except OSError:
            time.sleep(0.05)
    raise DemoError("the gateway did not start" if gateway.poll() is None else "the gateway ended: see above")


def preparation(keys: dict[str, str]) -> list[str]:
    """Return the lines that prepare a terminal: the folder, the environment with `yett`, and a key for each app."""
    activate = Path(sys.executable).with_name("activate")
    commands = f". {shlex.quote(str(activate))}" if activate.exists() else f'PATH={activate.parent}:"$PATH"'
    return [f"cd {shlex.quote(str(ROOT))}", commands, *(f"export {app}_KEY={key}" for app, key in keys.items())]


def introduce(base: str, telemetry: int, keys: dict[str, str], requests: list[Trial]) -> None:
    """Say what runs and what to try."""
    print(
        f"\nThe bookshop is open behind the gateway.\n\n  API      {base}\n  metrics  http://127.0.0.1:{telemetry}/metrics"
    )
    print("\nPaste this into another terminal: it puts `yett` on the path, and the keys of this run where it looks.\n")
    for line in preparation(keys):
        print(f"  {line}")
    print("\nThen try:")
    for trial in requests:
        print(f"\n  # {trial.title}\n  {trial.line()}")
    print(flush=True)


def attempt(trial: Trial) -> list[str]:
    """Send a request, show the answer, and return what is not as promised."""
    print(f"\n# {trial.title}\n$ {trial.line()}", flush=True)
    said = subprocess.run(trial.command, capture_output=True, text=True, timeout=30, check=False).stdout
    print(said.replace("\r\n", "\n"))
    statuses = [line.split()[1] for line in said.splitlines() if line.startswith("HTTP/")]
    wrong = [] if statuses and statuses[-1] == str(trial.status) else [f"the status is {statuses[-1:] or 'missing'}"]
    return wrong + [f"{word!r} is missing" for word in trial.words if word.lower() not in said.lower()]


def attempt_all(requests: list[Trial]) -> int:
    """Send every request; return 0 when all is as promised, 1 otherwise."""
    failures = {trial.title: wrong for trial in requests if (wrong := attempt(trial))}
    for title, wrong in failures.items():
        print(f"NOT AS PROMISED: {title}: {'; '.join(wrong)}")
    print(f"{len(requests) - len(failures)} of {len(requests)} requests were answered as promised")
    return 1 if failures else 0


def serve(gateway: subprocess.Popen[str]) -> int:
    """Let the visitor play until Ctrl-C, showing the access log."""
    print("The access log follows. Ctrl-C ends everything.\n", flush=True)
    try:
        return gateway.wait()
    except KeyboardInterrupt:
        print("\nClosing.")
        return 0


def run(once: bool) -> int:
    """Start everything, show it, and tidy up."""
    if once and not shutil.which("curl"):
        raise DemoError("--once sends its requests with curl, which is not installed")
    keys = {app: new_key("demo").text for app in APPS}
    environment = {**os.environ, **{f"{app}_KEY": key for app, key in keys.items()}}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="yett-demo-")))
        upstream = stack.enter_context(process([sys.executable, HERE / "upstream.py"], stdout=subprocess.PIPE))
        address = (upstream.stdout.readline() if upstream.stdout else "").split()[-1:]
        if not address:
            raise DemoError("the bookshop's upstream did not start")
        port, telemetry = choose_port(8080), choose_port(9464)
        lay_out(folder, port, telemetry, address[0])
        log = stack.enter_context((folder / "access.log").open("w"))
        command: list[str | Path] = [Path(sys.executable).with_name("yett"), "run", folder]
        gateway = stack.enter_context(process(command, environment, log.fileno() if once else None))
        base = f"http://127.0.0.1:{port}/bookshop"
        wait_until_open(f"{base}/health", gateway)
        requests = trials(base, keys)
        introduce(base, telemetry, keys, requests)
        return attempt_all(requests) if once else serve(gateway)


def interrupt(*_: object) -> NoReturn:
    """Treat SIGTERM as Ctrl-C, so that everything is tidied up."""
    raise KeyboardInterrupt


def main() -> int:
    """Run the demo; return the exit code."""
    parser = argparse.ArgumentParser(description="The bookshop behind the gateway.")
    parser.add_argument("--once", action="store_true", help="send every request, show the answers, and stop")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, interrupt)
    try:
        return run(arguments.once)
    except KeyboardInterrupt:
        return 130
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
