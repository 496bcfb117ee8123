"""Values that people and programs send without meaning harm, made here: names, prose, code, addresses and data.

Everything is made from short lists by a fixed seed, so that two runs measure the same texts.
"""

# ruff: noqa: E501, RUF001 - long lists, and letters of many languages

from __future__ import annotations

import base64
import json
import random
from typing import TYPE_CHECKING, Final
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SEED: Final = 20_260_401

_FIRST: Final = [
    "Aoife",
    "Siobhán",
    "José",
    "Zoë",
    "Łukasz",
    "Nguyễn",
    "Marie-Claire",
    "D'Andre",
    "Ngũgĩ",
    "François",
    "Anne",
    "Björk",
    "Mehmet",
    "Yuki",
    "Olu",
    "Dana",
    "Iris",
    "Drop",
]
_LAST: Final = [
    "O'Brien",
    "O'Neill",
    "D'Souza",
    "N'Diaye",
    "Müller-Lüdenscheidt",
    "van't",
    "Hoff",
    "McAndrew",
    "Null",
    "True",
    "And",
    "Or",
    "Select",
    "Union",
    "Table",
    "Order",
    "L'Écuyer",
    "Fitzgerald-O'Hara",
    "Shah",
    "Ōe",
    "Åström",
    "Groß",
    "Il'in",
    "Script",
    "Like",
    "Update",
]
_STREETS: Final = (
    "St. John's Rd",
    "Rue de l'Église",
    "C/ Mayor, 3 & 5",
    "Unit #5; 2nd floor",
    "King's Cross (north)",
    "Königstr. 1/2",
)
_WORDS: Final = [
    "select",
    "union",
    "order",
    "group",
    "table",
    "drop",
    "insert",
    "update",
    "delete",
    "where",
    "from",
    "and",
    "or",
    "like",
    "between",
    "having",
    "sleep",
    "script",
    "alert",
    "exec",
    "into",
    "values",
    "case",
    "when",
    "then",
    "else",
    "end",
    "limit",
    "set",
    "cat",
    "echo",
    "ping",
    "find",
    "more",
    "less",
    "head",
    "tail",
    "host",
    "id",
    "net",
    "type",
    "file",
    "path",
]
_PLAIN: Final = [
    "the",
    "a",
    "book",
    "shelf",
    "customer",
    "price",
    "yesterday",
    "quickly",
    "green",
    "because",
    "which",
    "rather",
    "early",
    "letter",
    "for",
    "with",
    "about",
    "reader",
    "please",
    "nice",
    "paper",
    "it's",
    "don't",
    "we'll",
    "readers'",
    "author's",
    "20",
    "3.5",
    "50%",
    "£10",
    "#7",
    "(new)",
    "[old]",
    "e.g.",
    "&",
    "-",
    "--",
    "...",
    ";",
    ":",
    "!",
    "?",
]
_SENTENCES: Final = (
    "Select a union rep from the list, then update your details.",
    "I'd like to order 2 or 3 copies, and if you can't, drop me a line.",
    "The table was dropped and the order deleted -- by whom?",
    "He said 'or else' and she said 'and then?'; nobody knew.",
    "Where is the book from? Having read it, I'd group it with history.",
    "It's 5 o'clock; the dogs' bowls and the cats' beds are empty.",
    "Rock 'n' roll isn't dead, it's 1 = 1st in our hearts.",
    "Prices: 10 < 20, 20 > 10, 2+2=4, and x = y if y = x.",
    "Union Square, select stores only; sizes S, M or L (while stocks last).",
    "Please cat-sit for me; ping me on Friday & find the key under the mat.",
    "Alert: the script of the play (act 1) is on sale!",
    "Insert the card into the slot, then delete the old values from the table.",
    "We sell R&D books, AT&T histories; Q&A at 10:30.",
    "Use either and/or both; see sections 1-3, 5/6 and §7.",
    "50% off -- today only! #sale #books @readers",
    "Don't; stop. Can't; won't. Who's on first?",
    "A 6' 2\" tall shelf, 5' wide (or 4' if you're short of space).",
    "I give it 4/5 -- I'd say 'good', not 'great'.",
    "Mr. Bobby Tables' order; drop by the table at noon.",
    "The select committee's union of views; order by phone, group by age.",
    "In case when it rains, then take a cab, else walk.",
    "Exec summary: limit 5 items, set targets, execute the plan.",
    "Is it in C:, on the desktop or in Documents?",
    "See http://shop.example/books?id=1&sort=-price#top for more (or call us).",
    "Ça s'est passé à l'Étoile, n'est-ce pas ?",
    "Das Buch kostet 10,50 € -- und/oder 12 $; siehe S. 5.",
    "本のタイトル：「海と月」、価格＝１０００円。",
    'Книга "Война и мир" -- 2 тома; цена: 500 р.',
    "¿Dónde está? ¡Aquí! (o allí)",
    "Привет; как дела? 'Хорошо' -- и ты?",
)
_CODE: Final = (
    "for (let i = 0; i < 10; i++) { total += items[i].price; }",
    "if x == 1 or y == 2: return x",
    "def add(a, b): return a + b  # sums",
    'int main(void) { printf("hello\\n"); return 0; }',
    "const total = cart.reduce((sum, item) => sum + item.price, 0);",
    "The `id` column is unique; run `make test` first.",
    "git commit -m 'mend the order form'",
    "x = y && z || w; // either",
    "List<String> names = new ArrayList<>();",
    "a[0] = b[1] * (c + d) / 2;",
    "git log --oneline | head",
    "SELECT is a keyword, so is UNION.",
    "Set `status = 'open' and priority = 2` in the search field.",
    "{{ user.name }} and ${price} are filled in by the mailer.",
    "grep finds lines; sort and uniq count them.",
    "font-family: 'Open Sans', sans-serif; color: #333;",
    "^[a-z]+(?:-[a-z]+)*$",
    'price:[10 TO 20] AND author:"le guin"',
    "status eq 'open' and amount gt 10",
    "(title = 'sea' or title = 'salt') and price < 20",
    "*.txt, *.md",
    "10 * (3 + 4) = 70",
)
_MARKDOWN: Final = (
    "# Title\n\n* one\n* two\n\n> quoted\n\n[link](https://shop.example/a?b=c&d=e)",
    "**bold** _it_ ~~gone~~ `code` | a | b |\n|---|---|\n| 1 | 2 |",
    "1. first\n2. second\n   - inner\n\n---\n\nend.",
    "Hello,\n\nplease send the order to:\nAnne O'Neill\nRue de l'Église 3\n\nThanks; regards,\nA.",
    '<b>bold</b> and <i>italic</i>, a <a href="https://shop.example/">link</a><br/>',
    "<p>A <em>fine</em> book &amp; a bargain: 5 &lt; 6</p>",
    "![cover](https://img.example/a.png) (1/2)",
)
_ADDRESSES: Final = (
    "https://shop.example/books/1?sort=-price&q=sea%20salt#reviews",
    "https://user.example/~anne/index.html",
    "https://api.example:8443/v1/orders?filter=status:open,price:>10",
    "mailto:o'brien@shop.example",
    "ftp.example/pub/file.tar.gz",
    "https://example.org/a/b;c=d/e,f(g)",
    "https://www.example.com/search?q=select+books+from+1990",
    "../guide.md is next to this page",
    "/books/1/reviews",
    "C:\\Users are many",
    "urn:isbn:9781402894626",
    "https://maps.example/@51.5,-0.12,14z/data=!3m1!4b1",
)


def _name(pick: random.Random) -> str:
    return f"{pick.choice(_FIRST)} {pick.choice(_LAST)}"


def _prose(pick: random.Random) -> str:
    words = [pick.choice(_WORDS if pick.random() < 0.3 else _PLAIN) for _ in range(pick.randint(5, 30))]
    return " ".join(words).capitalize() + pick.choice(".!?")


def _sentences(pick: random.Random) -> str:
    return " ".join(pick.sample(_SENTENCES, pick.randint(1, 3)))


def _data(pick: random.Random) -> str:
    kind = pick.randrange(6)
    if kind == 0:
        return base64.b64encode(pick.randbytes(pick.randint(9, 60))).decode()
    if kind == 1:
        return base64.b64encode(_sentences(pick).encode()).decode()
    if kind == 2:
        return json.dumps({"name": _name(pick), "note": _prose(pick), "n": [1, 2.5, None, True]}, ensure_ascii=False)
    if kind == 3:
        return str(UUID(int=pick.getrandbits(128)))
    if kind == 4:
        return f"{pick.randbytes(16).hex()}:{pick.randint(1, 9999)}/{pick.randint(1, 9)}"
    return f"{pick.randint(1, 28)}/{pick.randint(1, 12)}/2026 {pick.randint(0, 23)}:{pick.randint(10, 59)} (UTC+{pick.randint(0, 9)})"


def _address(pick: random.Random) -> str:
    return f"{pick.randint(1, 99)} {pick.choice(_STREETS)}, {pick.choice(_LAST)}ville"


def _query(pick: random.Random) -> str:
    return " ".join(pick.choice(_WORDS + _PLAIN) for _ in range(pick.randint(1, 4)))


_KINDS: Final[dict[str, Callable[[random.Random], str]]] = {
    "names": _name,
    "addresses": _address,
    "search words": _query,
    "word salad of SQL and shell": _prose,
    "prose": _sentences,
    "code and filters": lambda pick: pick.choice(_CODE),
    "markup": lambda pick: pick.choice(_MARKDOWN),
    "URLs and paths": lambda pick: pick.choice(_ADDRESSES),
    "encoded and structured": _data,
}


def benign_texts(each: int = 400) -> Iterator[tuple[str, str]]:
    """Kind and text, up to `each` different ones of every kind."""
    for kind, make in _KINDS.items():
        pick = random.Random(f"{_SEED}{kind}")
        for text in dict.fromkeys(make(pick) for _ in range(each)):
            yield kind, text
