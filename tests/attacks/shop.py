"""A bookshop that makes every mistake in the book: what attacks are tried on, with and without a gateway before it.

Each handler has one weakness, told in its docstring, and does real harm when it is used: rows of another table come
back, a file outside of the folder is read, a command runs. It listens on loopback only and holds made-up data.
"""

from __future__ import annotations

import base64
import fnmatch
import json
import pickle
import re
import sqlite3
import subprocess
import tempfile
import threading
import traceback
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit
from xml.parsers import expat

SECRET = "the-shop's-own-secret"
HOSTS = """db.bookshop.internal 10.20.30.40"""
CUSTOMERS: dict[int, dict[str, Any]] = {
    1: {"name": "Mira Holm", "email": "mira@example.org", "phone": "+4755012345", "card": "4111111111111111"},
    2: {"name": "Jon Vik", "email": "jon@example.org", "phone": "+4755067890", "card": "5500005555555559"},
}


@dataclass
class Shop:
    """Everything the shop has: a database, a folder of covers with a secret beside it, customers, orders, reviews."""

    folder: Path
    database: sqlite3.Connection = field(init=False)
    customers: dict[int, dict[str, Any]] = field(init=False)
    orders: dict[int, dict[str, Any]] = field(init=False)
    reviews: list[str] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)
    paid: list[str] = field(default_factory=list)
    defaults: dict[str, Any] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        (self.folder / "covers").mkdir()
        (self.folder / "covers" / "salt.txt").write_text("a cover")
        (self.folder / "secret.txt").write_text(SECRET)
        self.database = sqlite3.connect(":memory:", check_same_thread=False)
        self.database.executescript(
            "CREATE TABLE books (title TEXT); CREATE TABLE users (name TEXT, password TEXT);"
            "INSERT INTO books VALUES ('The Salt Road'), ('Letters to the Sea');"
            f"INSERT INTO users VALUES ('admin', '{SECRET.replace(chr(39), chr(39) * 2)}');"
        )
        self.customers = {number: {"id": number, "role": "reader", **one} for number, one in CUSTOMERS.items()}
        self.orders = {n: {"id": n, "customer_id": 1 + n % 2, "total": f"{n}.00"} for n in range(100, 140)}


@dataclass(frozen=True)
class Call:
    """One request, as the handlers see it."""

    shop: Shop
    numbers: tuple[int, ...]
    query: dict[str, str]
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.raw)

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies."""
        return {name: morsel.value for name, morsel in SimpleCookie(self.headers.get("cookie", "")).items()}


@dataclass(frozen=True)
class Answer:
    """What goes back; text is HTML, anything else JSON."""

    body: Any
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


def search(call: Call) -> Answer:
    """SQL built from text."""
    rows = call.shop.database.execute(f"SELECT title FROM books WHERE title LIKE '%{call.query.get('title', '')}%'")
    return Answer({"titles": [row[0] for row in rows]})


def cover(call: Call) -> Answer:
    """A file by whatever path is asked for."""
    return Answer({"text": (call.shop.folder / "covers" / call.query["file"]).read_text()})


def greet(call: Call) -> Answer:
    """A template made of what the caller sends."""
    known = {"shop": call.shop, "SECRET": SECRET}
    text = re.sub(r"\{\{(.*?)\}\}", lambda found: str(eval(found[1], {}, known)), call.query["name"])
    return Answer({"text": f"Dear {text}"})


def ping(call: Call) -> Answer:
    """A command line made of what the caller sends."""
    done = subprocess.run(f"echo pinging {call.json['host']}", shell=True, capture_output=True, text=True, timeout=5)
    return Answer({"output": done.stdout})


def login(call: Call) -> Answer:
    """A query object taken from the caller, as document databases read it."""
    password = call.json["password"]
    fits = "$ne" in password and password["$ne"] != SECRET if isinstance(password, dict) else password == SECRET
    return Answer({"welcome": "admin"}) if fits else Answer({"title": "No", "status": 401}, 401)


def directory(call: Call) -> Answer:
    """A directory's search where a star stands for anything."""
    found = re.fullmatch(r"\(uid=(.*?)\).*", f"(uid={call.query['uid']})", re.DOTALL)
    names = ["mira", "jon", "root"]
    return Answer({"people": [name for name in names if found and fnmatch.fnmatch(name, found[1])]})


def write_review(call: Call) -> Answer:
    """Text is kept and shown as it came."""
    call.shop.reviews.append(call.json["text"])
    return Answer({"kept": True}, 201)


def show_reviews(call: Call) -> Answer:
    """A page with what others wrote."""
    return Answer("<ul>" + "".join(f"<li>{text}</li>" for text in call.shop.reviews) + "</ul>")


def import_books(call: Call) -> Answer:
    """XML whose entities are followed, to files too."""
    texts: list[str] = []
    reader = expat.ParserCreate()
    reader.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_ALWAYS)
    reader.CharacterDataHandler = texts.append

    def follow(context: str, base: str | None, system: str | None, public: str | None) -> int:
        reader.ExternalEntityParserCreate(context).Parse(Path(str(system).removeprefix("file://")).read_bytes(), True)
        return 1

    reader.ExternalEntityRefHandler = follow
    reader.Parse(call.raw, True)
    return Answer({"text": "".join(texts)})


def preview(call: Call) -> Answer:
    """Whatever stands at the address the caller names."""
    with urllib.request.urlopen(call.json["url"], timeout=5) as answer:
        return Answer({"text": answer.read(4096).decode(errors="replace")})


def settle(call: Call) -> Answer:
    """Settings are merged name by name, the prototype's too."""
    for name, value in call.json.items():
        if name == "__proto__":
            call.shop.defaults.update(value)
    return Answer({"is_admin": bool(call.shop.defaults.get("is_admin"))})


def basket(call: Call) -> Answer:
    """An object taken out of a cookie."""
    found = pickle.loads(base64.b64decode(call.cookies["basket"])) if "basket" in call.cookies else []
    return Answer({"items": str(found)})


def go(call: Call) -> Answer:
    """A header made of what the caller sends."""
    return Answer({}, 302, (("Location", call.query["to"]),))


def note(call: Call) -> Answer:
    """A log that looks names up."""
    call.shop.looked_up += re.findall(r"\$\{jndi:(.*?)\}", call.headers.get("user-agent", ""))
    return Answer({"noted": True})


def customer(call: Call) -> Answer:
    """All that is known of a customer, the card too."""
    return Answer(call.shop.customers[call.numbers[0]])


def change_customer(call: Call) -> Answer:
    """Whatever the caller sends is taken over, the role too."""
    call.shop.customers[call.numbers[0]].update(call.json)
    return Answer(call.shop.customers[call.numbers[0]])


def orders(call: Call) -> Answer:
    """The orders of one customer."""
    mine = int(call.query["customer_id"])
    return Answer({"items": [one for one in call.shop.orders.values() if one["customer_id"] == mine]})


def order(call: Call) -> Answer:
    """Anybody's order."""
    found = call.shop.orders.get(call.numbers[0])
    return Answer(found) if found else Answer({"title": "No such order", "status": 404}, 404)


def sign_in(call: Call) -> Answer:
    """A session in a cookie that pages of other sites may send along."""
    return Answer({"signed_in": True}, headers=(("Set-Cookie", "session=s3ssion; Path=/"),))


def pay(call: Call) -> Answer:
    """The cookie is enough."""
    if call.cookies.get("session") != "s3ssion":
        return Answer({"title": "Sign in", "status": 401}, 401)
    call.shop.paid.append(call.raw.decode(errors="replace"))
    return Answer({"paid": True})


def crash(call: Call) -> Answer:
    """The error as it happened, with where and with what."""
    try:
        call.shop.database.execute(f"SELECT * FROM missing WHERE host = '{HOSTS}'")
    except sqlite3.Error:
        return Answer(f"{traceback.format_exc()}\nconnected to {HOSTS}", 500, (("X-Powered-By", "Shop/1.2.3"),))
    return Answer({})


def report(call: Call) -> Answer:
    """As many rows as are asked for."""
    return Answer({"rows": [{"row": number, "text": "x" * 20} for number in range(int(call.query["rows"]))]})


def graphql(call: Call) -> Answer:
    """A query whose fragments are written out, however many fields that makes."""
    sent = call.json
    query = sent[0]["query"] if isinstance(sent, list) else sent["query"]
    fragments = dict(re.findall(r"fragment\s+(\w+)\s+on\s+\w+\s*\{(.*?)\}", query, re.DOTALL))
    text, rounds = query.split("fragment")[0], 0
    while "..." in text and len(text) < 1_000_000 and rounds < 50:
        text, rounds = re.sub(r"\.\.\.(\w+)", lambda found: fragments.get(found[1], ""), text), rounds + 1
    return Answer({"data": {"fields": len(re.findall(r"\w+", text))}})


ROUTES: list[tuple[str, str, Callable[[Call], Answer]]] = [
    ("GET", "/search", search),
    ("GET", "/covers", cover),
    ("GET", "/greeting", greet),
    ("POST", "/ping", ping),
    ("POST", "/login", login),
    ("GET", "/directory", directory),
    ("POST", "/reviews", write_review),
    ("GET", "/reviews", show_reviews),
    ("POST", "/import", import_books),
    ("POST", "/preview", preview),
    ("PATCH", "/settings", settle),
    ("GET", "/basket", basket),
    ("GET", "/go", go),
    ("GET", "/note", note),
    ("GET", "/customers/{id}", customer),
    ("PUT", "/customers/{id}", change_customer),
    ("GET", "/orders", orders),
    ("GET", "/orders/{id}", order),
    ("POST", "/session", sign_in),
    ("POST", "/payments", pay),
    ("GET", "/crash", crash),
    ("GET", "/report", report),
    ("POST", "/graphql", graphql),
]
PATTERNS = [(method, re.compile(path.replace("{id}", r"(\d+)")), handle) for method, path, handle in ROUTES]


class Counter(BaseHTTPRequestHandler):
    """Reads requests and answers them; whatever goes wrong is told in full."""

    protocol_version = "HTTP/1.1"
    server_version = "WeakShop/1.2.3"
    shop: ClassVar[Shop]

    def answer(self) -> None:
        """Serve one request, whatever its method."""
        raw = self.rfile.read(int(self.headers.get("content-length", "0")))
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = Answer({"title": "No such place", "status": 404}, 404)
        for method, pattern, handle in PATTERNS:
            if method == self.command and (found := pattern.fullmatch(parts.path)):
                call = Call(self.shop, tuple(int(number) for number in found.groups()), query, headers, raw)
                try:
                    with self.shop.lock:
                        answer = handle(call)
                except Exception:  # the mistake is meant: everything is told
                    answer = Answer(traceback.format_exc(), 500)
        self.reply(answer)

    do_GET = do_POST = do_PUT = do_PATCH = answer  # noqa: N815 - http.server looks for these names

    def reply(self, answer: Answer) -> None:
        """Send the head and the body."""
        page = isinstance(answer.body, str)
        body = answer.body.encode() if page else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "text/html" if page else "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """A thread a connection."""

    daemon_threads = True
    request_queue_size = 128


@dataclass(frozen=True)
class WeakShop:
    """A shop that serves: its port on loopback, and what it has, to see what an attack did."""

    port: int
    shop: Shop

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serving() -> Iterator[WeakShop]:
    """Serve a new shop until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder))
        server = Server(("127.0.0.1", 0), type("ShopCounter", (Counter,), {"shop": shop}))
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield WeakShop(server.server_address[1], shop)
        finally:
            server.shutdown()
            server.server_close()
            shop.database.close()
