"""`yett access`."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.cli.terminal import yett
from tests.native import NATIVE
from tests.services.places import SETTINGS, lay_out

PLAIN = {"NO_COLOR": "1", "COLUMNS": "160"}


def test_who_can_shows_holders_and_ways_or_nobody(tmp_path: Path) -> None:
    path = lay_out(tmp_path)
    shown = yett("access", "who-can", "shop:getBook", path, environment=PLAIN)
    assert (shown.code, shown.out) == (0, "app:reader-app\n    profile reader -> collection all\n")
    assert yett("access", "who-can", "shop:listBooks", path, environment=PLAIN).out == "nobody\n"
    (holder,) = yett("access", "who-can", "shop:getBook", path, "--json", environment=PLAIN).json["holders"]
    assert (holder["principal"], holder["now"]) == ("app:reader-app", True)
    assert holder["windows"] == [{"from": None, "until": None}]


def test_an_operation_and_a_principal_of_nobody_are_one_line_with_the_nearest(tmp_path: Path) -> None:
    path = lay_out(tmp_path)
    for command, hint in (("who-can", "`shop:getBook`"), ("of", "`reader-app`")):
        name = "shop:getBok" if command == "who-can" else "raeder-app"
        shown = yett("access", command, name, path, environment=PLAIN)
        assert (shown.code, shown.out) == (1, "")
        assert f"did you mean {hint}?" in shown.err


def test_access_of_somebody_shows_what_they_may_do_through_what(tmp_path: Path) -> None:
    path = lay_out(tmp_path, SETTINGS.replace("{name: reader, grants", "{name: reader, console: [keys:rotate], grants"))
    shown = yett("access", "of", "reader-app", path, environment=PLAIN)
    assert shown.code == 0
    assert shown.out.splitlines() == [
        "app:reader-app may call:",
        "  shop:getBook",
        "      profile reader -> collection all",
        "  console keys:rotate",
        "      profile reader -> keys:rotate",
    ]
    document = yett("access", "of", "app:reader-app", path, "--json", environment=PLAIN).json
    assert [one["what"] for one in document["operations"]] == ["shop:getBook"]


def test_a_difference_leaves_with_1_and_none_with_0(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    before = lay_out(tmp_path / "a")
    after = lay_out(tmp_path / "b", SETTINGS.replace("shop:get*", "shop:*"))
    shown = yett("access", "diff", before, after, environment=PLAIN)
    assert shown.code == 1
    assert shown.out.splitlines() == [
        "+ app:reader-app gained shop:listBooks",
        "    profile reader -> collection all",
        "1 change of effective access",
    ]
    assert yett("access", "diff", after, before, environment=PLAIN).out.startswith(
        "- app:reader-app lost shop:listBooks\n"
    )
    same = yett("access", "diff", before, before, environment=PLAIN)
    assert (same.code, same.out) == (0, "no change of effective access\n")
    (change,) = yett("access", "diff", before, after, "--json", environment=PLAIN).json
    assert (change["what"], change["change"], change["from"], change["until"]) == (
        "shop:listBooks",
        "gained",
        None,
        None,
    )


def test_a_matrix_comes_as_table_markdown_csv_and_json(tmp_path: Path) -> None:
    path = lay_out(tmp_path)
    table = yett("access", "matrix", path, environment=PLAIN).out
    assert "shop:getBook" in table
    assert "app:reader-app" in table
    markdown = yett("access", "matrix", path, "--format", "markdown", environment=PLAIN).out
    assert markdown.splitlines()[2:] == ["| shop:getBook |  | yes |", "| shop:listBooks |  |  |"]
    rows = list(csv.reader(yett("access", "matrix", path, "--format", "csv", environment=PLAIN).out.splitlines()))
    assert rows == [["operation", "anyone", "app:reader-app"], ["shop:getBook", "", "yes"], ["shop:listBooks", "", ""]]
    cells = yett("access", "matrix", path, "--json", environment=PLAIN).json["cells"]
    assert {
        "principal": "app:reader-app",
        "operation": "shop:getBook",
        "state": "allowed",
        "changes_at": None,
        "conditions": [],
    } in cells


def test_a_matrix_breaks_no_name_on_a_narrow_terminal(tmp_path: Path) -> None:
    wide = yett("access", "matrix", lay_out(tmp_path), environment=PLAIN).out
    assert "shop:listBooks" in wide
    assert yett("access", "matrix", lay_out(tmp_path), environment={**PLAIN, "COLUMNS": "20"}).out == wide


@NATIVE
def test_a_matrix_is_tried_on_a_gateway_of_its_own(tmp_path: Path) -> None:
    shown = yett("access", "matrix", lay_out(tmp_path), "--run", environment=PLAIN)
    assert (shown.code, shown.out) == (0, "4 cells were asked, 0 were answered otherwise than computed\n")
    assert yett("access", "matrix", lay_out(tmp_path), "--run", "--json", environment=PLAIN).json["asked"] == 4


@pytest.mark.parametrize("arguments", [("--run", "--verify", "http://127.0.0.1:1"), ("--format", "pdf")])
def test_what_cannot_be_meant_is_wrong_usage(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert yett("access", "matrix", lay_out(tmp_path), *arguments, environment=PLAIN).code == 2


def test_a_gateway_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    shown = yett("access", "matrix", lay_out(tmp_path), "--verify", "http://127.0.0.1:1", environment=PLAIN)
    assert shown.code == 1
    assert "error[gateway-silent] http://127.0.0.1:1 does not answer" in shown.err


def test_mistakes_are_shown_instead_of_an_answer(tmp_path: Path) -> None:
    path = lay_out(tmp_path, SETTINGS.replace("profiles: [reader]", "profiles: [raeder]"))
    for arguments in (
        ("who-can", "shop:getBook", path),
        ("of", "reader-app", path),
        ("matrix", path),
        ("diff", path, path),
    ):
        shown = yett("access", *arguments, environment=PLAIN)
        assert (shown.code, shown.out) == (1, "")
        assert "error[unknown-profile]" in shown.err
