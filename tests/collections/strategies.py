"""Collections of all kinds, made up."""

from __future__ import annotations

from hypothesis import strategies as st

from yett.collections.model import (
    Assertion,
    Auth,
    Body,
    Collection,
    Environment,
    Example,
    Extraction,
    Folder,
    Pair,
    Part,
    Request,
    Script,
    Variable,
    is_sensible,
)
from yett.model.secret import SecretReference

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r\x85\u2028\u2029"), max_size=30),
    st.sampled_from(
        ["", "{{id}}", "a {{b}} c", "50%", "a: b", "'''", "}", "  two", "x\n}\ny", "~off", '"quoted"', "//", "#"]
    ),
)
NAMES = st.one_of(st.from_regex(r"[a-z][a-z0-9_-]{0,10}", fullmatch=True), WORDS)
PLAIN = st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True)
PAIRS = st.lists(st.builds(Pair, NAMES, TEXTS, st.booleans(), st.one_of(st.just(""), WORDS)), max_size=3).map(tuple)
SECRETS = st.builds(
    SecretReference, st.sampled_from(["env", "file"]), st.from_regex(r"[A-Z][A-Z_]{0,8}", fullmatch=True)
)
VARIABLES = st.lists(
    st.builds(Variable, PLAIN, st.one_of(TEXTS, SECRETS), st.booleans(), st.one_of(st.just(""), WORDS)),
    max_size=3,
    unique_by=lambda one: one.name,
).map(tuple)
MEDIA = st.sampled_from(["", "application/json", "text/csv", "application/xml"])
_TEXT_PARTS = st.builds(Part, NAMES, TEXTS, st.just(""), MEDIA, st.booleans())
_FILE_PARTS = st.builds(Part, NAMES, st.just(""), st.just("a.pdf"), MEDIA, st.booleans())
PARTS = st.lists(st.one_of(_TEXT_PARTS, _FILE_PARTS), max_size=3).map(tuple)
BODIES = st.one_of(
    st.none(),
    st.builds(lambda media, text: Body("text", media, text), MEDIA, st.one_of(TEXTS, st.just('{\n  "a": 1\n}'))),
    st.builds(lambda fields: Body("form", fields=fields), PAIRS),
    st.builds(lambda parts: Body("multipart", parts=parts), PARTS),
    st.builds(lambda media, file: Body("file", media, file=file), MEDIA, st.sampled_from(["a.bin", "b/c.json"])),
    st.builds(
        lambda text, variables: Body("graphql", text=text, variables=variables), TEXTS, st.sampled_from(["", "{}"])
    ),
)


def _auth(kind: str, *names: str) -> st.SearchStrategy[Auth]:
    held = st.tuples(*(st.sampled_from(["", "{{held}}"]) for _ in names))
    return held.map(lambda values: Auth(kind, tuple(zip(sorted(names), values, strict=True))))


AUTHS = st.one_of(
    st.none(),
    st.just(Auth("none")),
    _auth("basic", "username", "password"),
    _auth("bearer", "token"),
    st.sampled_from(["header", "query"]).map(
        lambda where: Auth("api-key", (("in", where), ("name", "x-key"), ("value", "{{held}}")))
    ),
    _auth("oauth2", "scope"),
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-1000, 1000), st.text("abc 'é\"\\", max_size=8))
POINTERS = st.lists(st.sampled_from(["items", "0", "12", "a b", "x~y", "quo'te", "ü"]), max_size=3).map(
    lambda parts: "".join("/" + part.replace("~", "~0") for part in parts)
)
_POINTS = st.one_of(
    st.tuples(st.just("json"), POINTERS),
    st.tuples(st.just("header"), st.sampled_from(["content-type", "x-a"])),
    st.tuples(st.sampled_from(["status", "body", "time"]), st.just("")),
)
_TESTS = st.one_of(
    st.tuples(st.sampled_from(["equals", "differs", "contains", "lacks"]), SCALARS),
    st.tuples(st.just("one-of"), st.lists(SCALARS, max_size=3)),
    st.tuples(st.just("matches"), st.sampled_from(["^a.*b$", "2xx", "x/y"])),
    st.tuples(st.just("exists"), st.booleans()),
    st.tuples(st.sampled_from(["above", "below"]), st.integers(1, 900)),
    st.tuples(st.just("type"), st.sampled_from(["string", "number", "array", "object"])),
    st.tuples(st.just("size"), st.integers(0, 9)),
)
ASSERTIONS = st.one_of(
    st.builds(lambda point, test: Assertion(point[0], test[0], test[1], point[1]), _POINTS, _TESTS),
    st.builds(lambda value: Assertion("contract", "equals", value), st.booleans()),
).filter(is_sensible)
EXTRACTIONS = st.builds(
    lambda name, point: Extraction(name, point[0], point[1]),
    PLAIN,
    _POINTS.filter(lambda one: one[0] != "time"),
)
SCRIPTS = st.lists(
    st.builds(Script, st.sampled_from(["before", "after"]), st.sampled_from(["run(1)", "if (a) {\n  b();\n}"])),
    max_size=2,
).map(tuple)
EXAMPLES = st.lists(st.builds(Example, WORDS, st.integers(200, 299), PAIRS, TEXTS), max_size=2).map(tuple)
URLS = st.sampled_from(
    ["{{base_url}}/books/:id", "https://a.test:8443/x", "{{base}}", "http://b.test/", "http://b.test"]
)
REQUESTS = st.builds(
    Request,
    WORDS,
    st.sampled_from(["GET", "POST", "DELETE", "PURGE"]),
    URLS,
    note=TEXTS,
    operation=st.sampled_from(["", "shop:listBooks"]),
    path=PAIRS,
    query=PAIRS,
    headers=PAIRS,
    body=BODIES,
    auth=AUTHS,
    assertions=st.lists(ASSERTIONS, max_size=3, unique_by=repr).map(tuple),
    extractions=st.lists(EXTRACTIONS, max_size=2, unique_by=lambda one: one.variable).map(tuple),
    scripts=SCRIPTS,
    examples=EXAMPLES,
    tags=st.lists(PLAIN, max_size=2).map(tuple),
)
FOLDERS = st.recursive(
    REQUESTS,
    lambda inner: st.builds(
        Folder,
        WORDS,
        st.lists(inner, max_size=3).map(tuple),
        note=TEXTS,
        headers=PAIRS,
        auth=AUTHS,
        variables=VARIABLES,
        scripts=SCRIPTS,
    ),
    max_leaves=5,
)
COLLECTIONS = st.builds(
    Collection,
    WORDS,
    st.lists(FOLDERS, max_size=3).map(tuple),
    note=TEXTS,
    version=st.sampled_from(["", "1.2.3"]),
    headers=PAIRS,
    auth=AUTHS,
    variables=VARIABLES,
    scripts=SCRIPTS,
    environments=st.lists(st.builds(Environment, PLAIN, VARIABLES), max_size=2, unique_by=lambda one: one.name).map(
        tuple
    ),
)
# Little at a time: of these many can be written without anything being lost.
SIMPLE = st.builds(
    lambda request: Collection("simple", (request,)),
    st.one_of(
        st.builds(Request, WORDS, url=URLS, query=PAIRS, headers=PAIRS),
        st.builds(Request, WORDS, url=URLS, body=BODIES, auth=AUTHS),
        st.builds(Request, WORDS, url=URLS, assertions=st.lists(ASSERTIONS, min_size=1, max_size=1).map(tuple)),
        st.builds(Request, WORDS, url=URLS, extractions=st.lists(EXTRACTIONS, min_size=1, max_size=1).map(tuple)),
        st.builds(Request, WORDS, url=URLS, note=TEXTS, scripts=SCRIPTS, path=PAIRS),
        st.builds(
            Folder, WORDS, st.lists(REQUESTS, max_size=1).map(tuple), auth=AUTHS, variables=VARIABLES, note=TEXTS
        ),
    ),
)
