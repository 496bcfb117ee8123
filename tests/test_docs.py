"""What the pages promise, held against the code."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
import typer

from tests import configuration_page
from yett.cli import app
from yett.config.sections.access import UserShape
from yett.config.sections.apis import ApiShape, OperationShape
from yett.config.sections.apps import AppShape
from yett.config.sections.base import Shape
from yett.config.sections.callouts import CalloutShape
from yett.config.sections.gateway import GatewayShape
from yett.config.sections.governance import GovernanceShape
from yett.config.sections.issuers import IssuerShape
from yett.config.sections.tokens import TokensShape
from yett.config.sections.upstreams import UpstreamSettingsShape
from yett.documents import read_document
from yett.services.schemas import schema_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import click

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])
WORDS = re.compile(r"\b(plugin|middleware|consumer)s?\b", re.IGNORECASE)


def text_of(page: str) -> str:
    """The text of a page, or a skip that names it while it is not written."""
    path = ROOT / page
    if not path.exists():
        pytest.skip(f"{page} is not written yet")
    return path.read_text()


def phases() -> list[str]:
    """The phases, from the engine's own list."""
    source = (ROOT / "crates" / "yett-model" / "src" / "decision.rs").read_text()
    listed = re.search(r"ALL: \[Phase; \d+\] =\s*\[(.*?)\];", source, re.DOTALL)
    assert listed, "Phase::ALL has another form now: teach this test to read it"
    return [name.lower() for name in re.findall(r"Phase::(\w+)", listed[1])]


@pytest.mark.generated
def test_the_page_of_the_configuration_is_fresh(keep: Callable[[Path, str], None]) -> None:
    example = (ROOT / "tests" / "golden" / "everything.in.yaml").read_text().partition("\n")[2]
    keep(ROOT / "docs" / "configuration.md", configuration_page.page(schema_of("config"), example))


def test_the_page_of_the_configuration_has_every_key_and_leads_to_every_section() -> None:
    schema, text = schema_of("config"), text_of("docs/configuration.md")
    keys = {key for shape in (schema, *schema["$defs"].values()) for key in shape["properties"]}
    assert {key for key in keys if f"| `{key}` |" not in text} == set()
    headings = {one.lower().replace(" ", "-") for one in re.findall(r"^## (.+)$", text, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([\w-]+)\)", text)) <= headings


def test_the_life_of_a_request_has_a_heading_for_every_phase_in_order() -> None:
    headings = re.findall(r"^## (.+)$", text_of("docs/life-of-a-request.md"), re.MULTILINE)
    assert headings[: len(phases())] == phases()


def test_every_phase_is_drawn_in_order() -> None:
    assert " -> ".join(phases()) in text_of("docs/life-of-a-request.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_that_exist(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s#]+)(?:#[^)]*)?\)", page.read_text())
    local = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in local if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_named_by_their_path_exist(page: Path) -> None:
    named = re.findall(r"`((?:src|crates|tests|docs|examples|schemas|bench)/[\w./-]+)`", page.read_text())
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_verbs_of_make_exist(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    verbs = re.findall(r"(?:^ {4}|`)make ([a-z]+)", page.read_text(), re.MULTILINE)
    assert [verb for verb in verbs if not re.search(rf"^{verb}:", makefile, re.MULTILINE)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_of_yett_exist(page: Path) -> None:
    commands = re.findall(r"(?:^ {4}(?:\$ )?|`)yett ([a-z]+)", page.read_text(), re.MULTILINE)
    known = cast("click.Group", typer.main.get_command(app)).commands
    assert [command for command in commands if command not in known] == []


def test_make_alone_lists_its_verbs() -> None:
    run = subprocess.run(["make", "-C", str(ROOT)], capture_output=True, text=True, timeout=30, check=True)
    assert {"demo", "test", "check", "bench", "build", "docs"} <= set(
        re.findall(r"^ {2}(\w+)", run.stdout, re.MULTILINE)
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_keep_to_the_vocabulary(page: Path) -> None:
    if page.name == "CONTRIBUTING.md":
        pytest.skip("the page that lists the words which are not used")
    assert WORDS.findall(page.read_text()) == []


SHAPES: dict[str, type[Shape]] = {
    "an API": ApiShape,
    "an upstream": UpstreamSettingsShape,
    "an operation of an API": OperationShape,
    "a callout": CalloutShape,
    "an app": AppShape,
    "a user": UserShape,
    "a token endpoint": TokensShape,
    "settings of the gateway": GatewayShape,
    "an issuer": IssuerShape,
    "governance": GovernanceShape,
}
EXAMPLES = [
    pytest.param(kind, text, id=f"{page.name}-{number}")
    for page in PAGES
    for number, (kind, text) in enumerate(
        re.findall(
            rf"^```yaml\n# ({'|'.join(SHAPES)})\n(.*?)^```",
            page.read_text(),
            re.MULTILINE | re.DOTALL,
        )
    )
]


@pytest.mark.parametrize(("kind", "text"), EXAMPLES)
def test_parts_of_a_configuration_in_the_pages_are_accepted(kind: str, text: str) -> None:
    SHAPES[kind].model_validate(read_document(text.encode(), file=kind).value)
