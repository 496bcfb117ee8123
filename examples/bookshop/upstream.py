"""The bookshop itself: a small HTTP API in plain Python, with its data in memory.

It trusts whoever reaches it: no credentials, hardly a check. That is what the gateway in front of it is for.

    python upstream.py [PORT]        (or PORT in the environment; 0 or nothing: a free one, which is printed)
"""

from __future__ import annotations

import copy
import json
import os
import re
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

Record = dict[str, Any]

BOOKS: list[Record] = [
    {"title": "The Salt Road", "author_id": 1, "isbn": "9780306406157", "genre": "history", "price": "19.00"},
    {"title": "A Grammar of Tides", "author_id": 2, "isbn": "9783161484100", "genre": "poetry", "price": "12.00"},
    {"title": "Letters to the Sea", "author_id": 2, "isbn": "9781861972712", "genre": "novel", "price": "14.50"},
    {"title": "Small Machines", "author_id": 3, "isbn": "9780131103627", "genre": "science", "price": "31.90"},
    {"title": "The Owl Who Counted", "author_id": 3, "isbn": "9780747532699", "genre": "children", "price": "9.90"},
]
AUTHORS: list[Record] = [
    {"name": "Ingrid Vale", "born": 1951},
    {"name": "Tomas Reed", "born": 1978},
    {"name": "Ada Okafor", "born": None},
]
CUSTOMERS: list[Record] = [
    {"name": "Mira Holm", "email": "mira@example.org", "phone": "+4755012345"},
    {"name": "Jon Vik", "email": "jon@example.org", "phone": "+4755067890"},
]


@dataclass(frozen=True)
class Answer:
    """What goes back: a status, a JSON body (`None` for none) and where a new thing stands."""

    status: int
    body: Any = None
    location: str | None = None


class Problem(Exception):
    """Something the shop cannot do."""

    def __init__(self, status: int, title: str) -> None:
        super().__init__(title)
        self.status = status
        self.title = title


class Shelf:
    """Numbered records of one kind. Hands out copies, so that nobody changes a record without saying so."""

    def __init__(self, kind: str, records: Iterable[Record] = ()) -> None:
        self.kind = kind
        self.records: dict[int, Record] = {}
        self.last = 0
        for record in records:
            self.add(record)

    def add(self, record: Record) -> Record:
        """Keep a new record under the next id."""
        self.last += 1
        return self.put(self.last, record)

    def put(self, identity: int, record: Record) -> Record:
        """Keep a record under an id."""
        self.records[identity] = {"id": identity, **{key: value for key, value in record.items() if key != "id"}}
        return self.get(identity)

    def get(self, identity: int) -> Record:
        """Look a record up, or raise a 404."""
        if identity not in self.records:
            raise Problem(404, f"There is no {self.kind} {identity}")
        return copy.deepcopy(self.records[identity])

    def drop(self, identity: int) -> None:
        """Forget a record."""
        self.get(identity)
        del self.records[identity]

    def all(self) -> list[Record]:
        """Every record, in order of its id."""
        return [copy.deepcopy(record) for record in self.records.values()]


class Shop:
    """The whole shop. One lock, because its callers come on many threads."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        euros = [{**book, "price": {"amount": book["price"], "currency": "EUR"}, "stock": 40} for book in BOOKS]
        self.books = Shelf("book", euros)
        self.authors = Shelf("author", AUTHORS)
        self.reviews = Shelf("review", [{"book_id": 1, "stars": 5, "text": "Could not stop.", "author": "Mira"}])
        self.customers = Shelf("customer", CUSTOMERS)
        self.orders = Shelf("order")
        self.carried_out: dict[str, int] = {}

    def create_order(self, order: Record, key: str | None) -> Record:
        """Take every item from stock, or none; the same idempotency key is carried out once."""
        if key is not None and key in self.carried_out:
            return self.orders.get(self.carried_out[key])
        self.customers.get(order["customer_id"])
        books = [(self.books.get(item["book_id"]), item["quantity"]) for item in order["items"]]
        for book, quantity in books:
            if book["stock"] < quantity:
                raise Problem(409, f"Only {book['stock']} of book {book['id']} are left")
        for book, quantity in books:
            self.books.put(book["id"], {**book, "stock": book["stock"] - quantity})
        cents = sum(round(float(book["price"]["amount"]) * 100) * quantity for book, quantity in books)
        total = {"amount": f"{cents / 100:.2f}", "currency": "EUR"}
        made = self.orders.add({**order, "status": "open", "total": total})
        if key is not None:
            self.carried_out[key] = made["id"]
        return made

    def cancel_order(self, identity: int) -> None:
        """Put the items back and keep the order as cancelled."""
        order = self.orders.get(identity)
        if order["status"] != "open":
            raise Problem(409, f"Order {identity} is {order['status']}")
        for item in order["items"]:
            book = self.books.get(item["book_id"])
            self.books.put(book["id"], {**book, "stock": book["stock"] + item["quantity"]})
        self.orders.put(identity, {**order, "status": "cancelled"})


@dataclass(frozen=True)
class Call:
    """One request, as the handlers see it."""

    shop: Shop
    numbers: tuple[int, ...]
    query: dict[str, str]
    headers: dict[str, str]
    body: Any

    @property
    def number(self) -> int:
        """The id in the path."""
        return self.numbers[0]

    def page(self, records: list[Record]) -> Answer:
        """The page of a list that the query asks for."""
        page, size = int(self.query.get("page", "1")), int(self.query.get("per_page", "20"))
        shown = records[(page - 1) * size : page * size]
        total = len(records)
        paging = {"page": page, "per_page": size, "total": total, "pages": -(-total // size)}
        return Answer(200, {"items": shown, **paging})


def list_books(call: Call) -> Answer:
    """Search, sort, page."""
    words = call.query.get("q", "").lower().split()
    genres = set(filter(None, call.query.get("genre", "").split(",")))
    author = call.query.get("author_id")
    found = [
        book
        for book in call.shop.books.all()
        if all(word in book["title"].lower() for word in words)
        and (not genres or book["genre"] in genres)
        and (author is None or book["author_id"] == int(author))
    ]
    order = call.query.get("sort", "id")
    found.sort(key=SORT_KEYS[order.lstrip("-")], reverse=order.startswith("-"))
    return call.page(found)


SORT_KEYS: dict[str, Callable[[Record], Any]] = {
    "id": lambda book: book["id"],
    "title": lambda book: book["title"],
    "price": lambda book: float(book["price"]["amount"]),
}


def create_book(call: Call) -> Answer:
    """Add a book of a known author, unless its ISBN is here already."""
    call.shop.authors.get(call.body["author_id"])
    if any(book["isbn"] == call.body["isbn"] for book in call.shop.books.all()):
        raise Problem(409, f"ISBN {call.body['isbn']} is on the shelf already")
    made = call.shop.books.add({"stock": 0, **call.body})
    return Answer(201, made, f"/books/{made['id']}")


def replace_book(call: Call) -> Answer:
    """Replace a book that exists."""
    call.shop.books.get(call.number)
    return Answer(200, call.shop.books.put(call.number, {"stock": 0, **call.body}))


def delete_book(call: Call) -> Answer:
    """Forget a book."""
    call.shop.books.drop(call.number)
    return Answer(204)


def list_reviews(call: Call) -> Answer:
    """Reviews of one book, newest first."""
    call.shop.books.get(call.number)
    mine = [review for review in call.shop.reviews.all() if review.pop("book_id") == call.number]
    return call.page(mine[::-1])


def create_review(call: Call) -> Answer:
    """Add a review of a book that exists."""
    call.shop.books.get(call.number)
    made = call.shop.reviews.add({**call.body, "book_id": call.number})
    del made["book_id"]
    return Answer(201, made)


def list_orders(call: Call) -> Answer:
    """Orders, newest first."""
    status = call.query.get("status")
    return call.page([order for order in call.shop.orders.all()[::-1] if status in (None, order["status"])])


def create_order(call: Call) -> Answer:
    """Buy."""
    made = call.shop.create_order(call.body, call.headers.get("idempotency-key"))
    return Answer(201, made, f"/orders/{made['id']}")


def cancel_order(call: Call) -> Answer:
    """Cancel."""
    call.shop.cancel_order(call.number)
    return Answer(204)


def replace_customer(call: Call) -> Answer:
    """Change a customer; the password is taken and never shown."""
    call.shop.customers.get(call.number)
    shown = {key: value for key, value in call.body.items() if key != "password"}
    return Answer(200, call.shop.customers.put(call.number, shown))


ROUTES: list[tuple[str, str, Callable[[Call], Answer]]] = [
    ("GET", "/health", lambda _: Answer(200, {"status": "open"})),
    ("GET", "/books", list_books),
    ("POST", "/books", create_book),
    ("GET", "/books/{id}", lambda call: Answer(200, call.shop.books.get(call.number))),
    ("PUT", "/books/{id}", replace_book),
    ("DELETE", "/books/{id}", delete_book),
    ("GET", "/books/{id}/reviews", list_reviews),
    ("POST", "/books/{id}/reviews", create_review),
    ("GET", "/authors", lambda call: call.page(call.shop.authors.all())),
    ("GET", "/authors/{id}", lambda call: Answer(200, call.shop.authors.get(call.number))),
    ("GET", "/orders", list_orders),
    ("POST", "/orders", create_order),
    ("GET", "/orders/{id}", lambda call: Answer(200, call.shop.orders.get(call.number))),
    ("DELETE", "/orders/{id}", cancel_order),
    ("GET", "/customers/{id}", lambda call: Answer(200, call.shop.customers.get(call.number))),
    ("PUT", "/customers/{id}", replace_customer),
]
PATTERNS = [(method, re.compile(path.replace("{id}", r"(\d+)")), handle) for method, path, handle in ROUTES]


class Counter(BaseHTTPRequestHandler):
    """Reads one request after another from a connection and answers each from the shop."""

    protocol_version = "HTTP/1.1"
    server_version = "Bookshop/1.2"
    shop: ClassVar[Shop]

    def setup(self) -> None:
        """Answers are small: send each at once."""
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def answer(self) -> None:
        """Serve one request, whatever its method."""
        try:
            answer = self.serve()
        except Problem as problem:
            answer = Answer(problem.status, {"title": problem.title, "status": problem.status})
        except (KeyError, TypeError, ValueError) as error:
            answer = Answer(500, {"title": f"{type(error).__name__}: {error}", "status": 500})
        self.reply(answer)

    do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - http.server looks for these names

    def serve(self) -> Answer:
        """Find the handler and call it under the shop's lock."""
        length = int(self.headers.get("content-length", "0"))
        body = json.loads(self.rfile.read(length)) if length else None
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        for method, pattern, handle in PATTERNS:
            found = pattern.fullmatch(parts.path)
            if found and method == self.command:
                numbers = tuple(int(number) for number in found.groups())
                with self.shop.lock:
                    return handle(Call(self.shop, numbers, query, headers, body))
        raise Problem(404, f"Nothing answers {self.command} {parts.path}")

    def reply(self, answer: Answer) -> None:
        """Send the head and the body."""
        body = b"" if answer.body is None else json.dumps(answer.body).encode()
        kind = "application/problem+json" if answer.status >= 400 else "application/json"
        self.send_response(answer.status)
        if answer.status != 204:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
        if answer.location:
            self.send_header("Location", answer.location)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Say nothing: the gateway keeps the log."""


class Upstream(ThreadingHTTPServer):
    """The server: a thread a connection, gone when the process goes."""

    daemon_threads = True
    request_queue_size = 128


def start(port: int = 0) -> Upstream:
    """Bind the shop to a port of the loopback address (0: a free one); the caller serves."""
    counter = type("ShopCounter", (Counter,), {"shop": Shop()})
    return Upstream(("127.0.0.1", port), counter)


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    port = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("PORT", "0"))
    server = start(port)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"bookshop upstream on http://127.0.0.1:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


if __name__ == "__main__":
    main()
