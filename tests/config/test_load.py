"""Reading `yett.yaml` and folders of such files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.files import BOOKSHOP, load, mistakes, only_mistake
from yett.config import load_configuration
from yett.model.api import Identify, KeyPlaces
from yett.model.limit import DEFAULT_GATEWAY_LIMITS, Limit, Rate
from yett.model.secret import SecretReference


def test_the_configuration_of_the_design_when_read_becomes_the_model(tmp_path: Path) -> None:
    loaded = load(tmp_path, BOOKSHOP)
    assert loaded.diagnostics == ()
    configuration = loaded.configuration
    (api,), (profile,), (app,) = configuration.apis, configuration.profiles, configuration.apps
    assert (api.name, api.base_path, api.contract) == ("bookshop", "/bookshop", str(tmp_path / "bookshop.openapi.yaml"))
    places = KeyPlaces(header="x-api-key", bearer=True, query=None)
    assert api.identify == Identify(public=False, api_key=places, order=("api-key",))
    assert [reference.name for reference in configuration.collections[0].operations] == [
        "bookshop:listBooks",
        "bookshop:getBook",
    ]
    assert profile.limits == (Limit(Rate(100, 60_000, 100), "app"),)
    assert app.keys[0].source == SecretReference("env", "READER_KEY")
    assert (configuration.gateway.workers, configuration.gateway.limits) == (2, DEFAULT_GATEWAY_LIMITS)


def test_everything_read_knows_its_line(tmp_path: Path) -> None:
    configuration = load(tmp_path, BOOKSHOP).configuration
    assert configuration.apis[0].place.line == 4
    assert configuration.collections[0].operations[1].place.pointer == "/collections/0/operations/1"
    assert configuration.apps[0].team.place.line == 17


def test_many_mistakes_are_all_reported_at_once_with_place_and_hint(tmp_path: Path) -> None:
    text = BOOKSHOP.replace("workers: 2", "wrkers: 2").replace("owner: shop-team", "owner: shop-taem")
    text = text.replace("mode: enforce", "mode: enfroce").replace("collection: catalogue", "collection: catalog")
    found = {(one.line, one.code): one.hint for one in mistakes(tmp_path, text)}
    assert found == {
        (2, "unknown-key"): "did you mean `workers`?",
        (8, "unknown-team"): "did you mean `shop-team`?",
        (10, "unknown-value"): "did you mean `enforce`?",
        (14, "unknown-collection"): "did you mean `catalogue`?",
    }


def test_an_item_with_a_mistake_is_not_unknown_to_those_that_name_it(tmp_path: Path) -> None:
    text = BOOKSHOP.replace("{name: shop-team}", "{name: shop-team, size: 3}")
    assert only_mistake(tmp_path, text).code == "unknown-key"


def test_a_section_that_cannot_be_read_makes_no_name_unknown(tmp_path: Path) -> None:
    text = BOOKSHOP.replace("teams: [{name: shop-team}]", "teams: {name: shop-team}")
    assert only_mistake(tmp_path, text).code == "wrong-type"


def test_a_file_that_is_no_mapping_is_reported(tmp_path: Path) -> None:
    assert only_mistake(tmp_path, "- yett\n").message == "expected a mapping, found a list"


def test_malformed_yaml_is_reported_with_its_line(tmp_path: Path) -> None:
    found = mistakes(tmp_path, "yett: 1\napis: [")
    assert found
    assert found[0].file.endswith("yett.yaml")
    assert found[0].line > 0


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    loaded = load_configuration(str(tmp_path / "gone.yaml"))
    assert [one.code for one in loaded.diagnostics] == ["file-missing"]
    assert loaded.files == {str(tmp_path / "gone.yaml")}


def test_another_format_version_is_refused(tmp_path: Path) -> None:
    assert only_mistake(tmp_path, "yett: 2\n").code == "version-unsupported"
    found = only_mistake(tmp_path, "apis: []\n")
    assert (found.message, found.hint) == ("`yett` is missing", "a configuration file starts with `yett: 1`")


def test_a_section_of_a_later_version_is_refused_by_name(tmp_path: Path) -> None:
    found = only_mistake(tmp_path, BOOKSHOP + "plans: []\n")
    assert (found.code, found.line) == ("not-supported-yet", 18)


def test_a_folder_when_read_merges_its_configuration_files_and_leaves_contracts_alone(tmp_path: Path) -> None:
    head, _, apps = BOOKSHOP.partition("apps:")
    (tmp_path / "shop.yaml").write_text(head)
    (tmp_path / "apps.yml").write_text("yett: 1\napps:" + apps)
    (tmp_path / "bookshop.openapi.yaml").write_text("openapi: 3.1.0\ninfo: {title: a, version: 1.0.0}\npaths: {}\n")
    loaded = load_configuration(str(tmp_path))
    assert loaded.diagnostics == ()
    assert [app.name for app in loaded.configuration.apps] == ["reader-app"]
    assert loaded.files >= {str(tmp_path), str(tmp_path / "shop.yaml"), str(tmp_path / "apps.yml")}


@pytest.mark.parametrize(
    "text",
    ['{"yett": 1, "teams": [{"name": "a"}]}', "{ teams: [{name: a}], yett: 1 }\n", "\ufeffyett: 1\nteams: [{name: a}]"],
)
def test_a_file_of_a_folder_in_flow_style_is_read_too(tmp_path: Path, text: str) -> None:
    (tmp_path / "yett.yaml").write_text(text, encoding="utf-8")
    assert [team.name for team in load_configuration(str(tmp_path)).configuration.teams] == ["a"]


def test_the_same_name_in_two_files_is_reported_with_both_places(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("yett: 1\nteams: [{name: shop-team}]\n")
    (tmp_path / "b.yaml").write_text("yett: 1\n\nteams: [{name: shop-team}]\n")
    (found,) = load_configuration(str(tmp_path)).diagnostics
    assert found.place == f"{tmp_path / 'b.yaml'}:3"
    assert found.hint == f"first defined at {tmp_path / 'a.yaml'}:2"


def test_a_gateway_described_in_two_files_is_reported_with_both_places(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("yett: 1\ngateway: {workers: 1}\n")
    (tmp_path / "b.yaml").write_text("yett: 1\ngateway: {workers: 2}\n")
    (found,) = load_configuration(str(tmp_path)).diagnostics
    assert (found.code, found.hint) == ("duplicate-section", f"first described at {tmp_path / 'a.yaml'}:2")


def test_a_folder_without_a_configuration_is_reported(tmp_path: Path) -> None:
    (found,) = load_configuration(str(tmp_path)).diagnostics
    assert found.code == "configuration-missing"


def test_a_file_of_a_folder_with_sections_but_no_version_is_not_ignored(tmp_path: Path) -> None:
    (tmp_path / "apps.yaml").write_text("apps: []\n")
    (found,) = load_configuration(str(tmp_path)).diagnostics
    assert found.message == "`yett` is missing"


def test_a_mistake_repeated_in_a_large_file_is_told_a_bounded_number_of_times(tmp_path: Path) -> None:
    text = BOOKSHOP + "".join(f"  - {{name: app-{number}, team: shop-taem}}\n" for number in range(2_000))
    found = mistakes(tmp_path, text)
    assert len(found) <= 502
    assert {one.code for one in found} == {"unknown-team", "more-mistakes"}
