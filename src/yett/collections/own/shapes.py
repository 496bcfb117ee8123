"""The shape of `*.collection.yaml` and of files of environments. The docstrings are the reference."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from yett.config.sections.base import Shape
from yett.config.sections.scalars import mistake

Text = Annotated[str, Field(max_length=1_000_000)]
Pointer = Annotated[str, Field(max_length=10_000, pattern=r"^(?:/[\s\S]*)?$")]
Scalar = str | int | float | bool


class SecretShape(Shape):
    """A secret that is held elsewhere: exactly one of the two."""

    env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")] | None = None
    """An environment variable."""
    file: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    """A file, relative to the folder one stands in; white space around its text is removed."""

    @model_validator(mode="after")
    def _one(self) -> SecretShape:
        if (self.env is None) is (self.file is None):
            raise mistake("secret-unclear", "a secret has one of `env` and `file`", "write `{env: NAME}`")
        return self


class VariableShape(Shape):
    """A variable with more than a value."""

    value: Scalar | SecretShape = ""
    """Its value, or where its secret is held."""
    enabled: bool = True
    """Whether it counts."""
    note: Text = ""
    """What it is for."""


class PairShape(Shape):
    """A header, a parameter or a field."""

    name: Text
    """Its name."""
    value: Scalar = ""
    """Its value, in which `{{name}}` stands for a variable."""
    enabled: bool = True
    """Whether it is sent."""
    note: Text = ""
    """What it is for."""


class PartShape(Shape):
    """A part of a multipart body."""

    name: Text
    """Its name."""
    value: Scalar = ""
    """Its text."""
    file: Text = ""
    """The file whose contents it is, instead of a text."""
    media: Text = ""
    """Its content type."""
    enabled: bool = True
    """Whether it is sent."""
    note: Text = ""
    """What it is for."""


class GraphqlShape(Shape):
    """A GraphQL request."""

    query: Text
    """The query."""
    variables: Text = ""
    """The variables, as JSON text."""


class BodyShape(Shape):
    """A body: exactly one of `json`, `text`, `form`, `multipart`, `file` and `graphql`."""

    json_: Annotated[Any, Field(alias="json")] = None
    """A JSON value, sent as application/json. Texts in it may hold variables."""
    text: Text | None = None
    """A text, sent as it stands."""
    form: dict[str, Scalar] | list[PairShape] | None = None
    """Fields of a form."""
    multipart: list[PartShape] | None = None
    """Parts."""
    file: Text | None = None
    """A file whose contents are sent; relative to the collection's folder, and never outside of it."""
    graphql: GraphqlShape | None = None
    """A GraphQL query."""
    media: Text = ""
    """The content type, where the kind of the body does not say it."""

    @model_validator(mode="after")
    def _one(self) -> BodyShape:
        if len(self.model_fields_set - {"media"}) != 1:
            raise mistake("body-unclear", "a body has one of `json`, `text`, `form`, `multipart`, `file` and `graphql`")
        return self


class BasicShape(Shape):
    """A name and a password."""

    username: Text = ""
    """The name."""
    password: Text = ""
    """The password: a variable, whose value is held elsewhere."""


class ApiKeyShape(Shape):
    """A key in a header or in the query."""

    name: Text
    """The name of the header or parameter."""
    value: Text = ""
    """The key: a variable, whose value is held elsewhere."""
    where: Annotated[Literal["header", "query"], Field(alias="in")] = "header"
    """Where it is sent."""


class OtherShape(Shape):
    """A proof that is kept for other programs, and that no run can give."""

    kind: Text
    """What they call it."""
    settings: dict[str, Text] = Field(default_factory=dict)
    """Its settings."""


class AuthShape(Shape):
    """How requests prove themselves: exactly one of these."""

    basic: BasicShape | None = None
    """HTTP Basic."""
    bearer: Text | None = None
    """A bearer token."""
    api_key: ApiKeyShape | None = None
    """An API key."""
    other: OtherShape | None = None
    """Another kind."""

    @model_validator(mode="after")
    def _one(self) -> AuthShape:
        if len(self.model_fields_set) != 1:
            raise mistake(
                "auth-unclear", "a proof has one of `basic`, `bearer`, `api_key` and `other`", "or write `auth: none`"
            )
        return self


class AssertionShape(Shape):
    """What must hold of an answer: one of `status`, `header`, `json`, `body`, `time_ms` and `contract`.

    `header` and `json` have one test beside them: `equals`, `differs`, `one_of`, `matches`, `contains`, `lacks`,
    `exists`, `above`, `below`, `type` or `size`.
    """

    status: (
        Annotated[int, Field(strict=True)]
        | list[int]
        | Annotated[str, Field(pattern="^[1-5]xx$")]
        | Literal[True]
        | None
    ) = None
    """The status: one, one of several, or a class such as `2xx`; `true` with a test beside it."""
    header: Text | None = None
    """The name of a header."""
    json_: Annotated[Pointer | None, Field(alias="json")] = None
    """The JSON pointer of a value: `/items/0/id`; `""` is the whole answer."""
    body: bool = False
    """The answer as text."""
    time_ms: Annotated[int, Field(ge=1)] | None = None
    """The answer is there within so many milliseconds."""
    contract: bool | None = None
    """Whether the answer is one that the contract of the operation describes."""
    equals: Any = None
    """The value is this one."""
    differs: Any = None
    """The value is another one."""
    one_of: list[Any] | None = None
    """The value is one of these."""
    matches: Text | None = None
    """A regular expression is found in the text. It runs in bounded time."""
    contains: Any = None
    """A text holds this text, or a list this value."""
    lacks: Any = None
    """A text does not hold this text, or a list this value."""
    exists: bool | None = None
    """Whether it is there."""
    above: float | int | None = None
    """The number is larger."""
    below: float | int | None = None
    """The number is smaller."""
    type: Literal["string", "number", "boolean", "object", "array", "null"] | None = None
    """The value's type in JSON."""
    size: Annotated[int, Field(ge=0)] | None = None
    """How many characters, entries or properties it has."""

    @model_validator(mode="after")
    def _clear(self) -> AssertionShape:
        subjects = self.model_fields_set & SUBJECTS
        tests = self.model_fields_set & TESTS
        if len(subjects) != 1:
            raise mistake(
                "assertion-unclear",
                "an assertion is about one of `status`, `header`, `json`, `body`, `time_ms`, `contract`",
            )
        needed = 1 if subjects & {"header", "json_", "body"} or self.status is True else 0
        if len(tests) != needed:
            raise mistake(
                "assertion-unclear",
                "a header, a JSON value or a body needs exactly one test" if needed else "this needs no test beside it",
                "write `{json: /id, equals: 7}` or `{status: 200}`",
            )  # fmt: skip
        return self


SUBJECTS = frozenset({"status", "header", "json_", "body", "time_ms", "contract"})
TESTS = frozenset(
    {"equals", "differs", "one_of", "matches", "contains", "lacks", "exists", "above", "below", "type", "size"}
)


class ExtractionShape(Shape):
    """Where a variable for later requests is taken from: one of these."""

    json_: Annotated[Pointer | None, Field(alias="json")] = None
    """The JSON pointer of a value in the answer."""
    header: Text | None = None
    """A header of the answer."""
    body: bool | None = None
    """The whole answer."""
    status: bool | None = None
    """The status."""

    @model_validator(mode="after")
    def _one(self) -> ExtractionShape:
        if len(self.model_fields_set) != 1:
            raise mistake("extraction-unclear", "a variable is taken from one of `json`, `header`, `body` and `status`")
        return self


class ScriptShape(Shape):
    """A script of another program: kept for an export, never run."""

    when: Literal["before", "after"]
    """Whether it is for before the request, or for after the answer."""
    text: Text
    """The script."""


class ExampleShape(Shape):
    """An answer, kept as an example."""

    name: Text
    """What it shows."""
    status: int = 200
    """Its status."""
    headers: dict[str, Scalar] | list[PairShape] = Field(default_factory=dict)
    """Its headers."""
    body: Text = ""
    """Its body."""


Variables = dict[str, Scalar | SecretShape | VariableShape]
Pairs = dict[str, Scalar] | list[PairShape]


class ItemShape(Shape):
    """A request, or, with `items`, a folder."""

    name: Annotated[Text, Field(min_length=1)]
    """What it is called."""
    note: Text = ""
    """What it is for."""
    items: list[ItemShape] | None = None
    """What is in the folder; a request has none."""
    headers: Pairs = Field(default_factory=dict)
    """Headers that are sent; of a folder, with every request in it."""
    auth: Literal["none"] | AuthShape | None = None
    """How it proves itself; absent, as the folder or the collection says."""
    variables: Variables = Field(default_factory=dict)
    """Variables of a folder."""
    scripts: list[ScriptShape] = Field(default_factory=list)
    """Scripts of other programs: kept, never run."""
    method: Annotated[str, Field(pattern="^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,40}$")] = "GET"
    """The method."""
    url: Text = ""
    """The address: `{{base_url}}/books/:id`. `:id` is a parameter of `path`."""
    operation: Text = ""
    """The operation it calls, `api:operationId`."""
    path: Pairs = Field(default_factory=dict)
    """Parameters in the path."""
    query: Pairs = Field(default_factory=dict)
    """Parameters of the query."""
    body: BodyShape | None = None
    """What is sent."""
    expect: list[AssertionShape] = Field(default_factory=list)
    """What must hold of the answer."""
    extract: dict[str, ExtractionShape] = Field(default_factory=dict)
    """Variables that later requests have, by name."""
    examples: list[ExampleShape] = Field(default_factory=list)
    """Answers that were kept."""
    tags: list[Text] = Field(default_factory=list)
    """Words to find it by."""

    @model_validator(mode="after")
    def _either(self) -> ItemShape:
        here = self.model_fields_set
        if self.items is not None and (stray := sorted(here & _OF_REQUESTS)):
            raise mistake("item-unclear", f"a folder has no `{stray[0]}`", "move it to the requests in `items`")
        if self.items is None and "variables" in here:
            raise mistake(
                "item-unclear", "a request has no variables of its own", "move them to a folder or the collection"
            )
        return self


_OF_REQUESTS = frozenset(
    {"method", "url", "operation", "path", "query", "body", "expect", "extract", "examples", "tags"}
)


class FileShape(Shape):
    """A collection of requests."""

    yett_collection: Literal[1]
    """The format's version."""
    name: Annotated[Text, Field(min_length=1)]
    """What it is called."""
    note: Text = ""
    """What it is for."""
    version: Text = ""
    """The collection's own version."""
    headers: Pairs = Field(default_factory=dict)
    """Headers that are sent with every request."""
    auth: Literal["none"] | AuthShape | None = None
    """How requests prove themselves, where they or their folders say nothing else."""
    variables: Variables = Field(default_factory=dict)
    """Variables, with what they are without an environment."""
    environments: dict[str, Variables] = Field(default_factory=dict)
    """Variables by the name of an environment; files in `environments/` beside the collection are read too."""
    scripts: list[ScriptShape] = Field(default_factory=list)
    """Scripts of other programs: kept, never run."""
    items: list[ItemShape] = Field(default_factory=list)
    """Requests and folders."""


class EnvironmentShape(Shape):
    """A file of an environment: `environments/staging.yaml`."""

    variables: Variables
    """Its variables."""
