"""`yett compile`."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

from tests.cli.terminal import yett
from tests.gateway.fake import fake_native
from tests.services.places import ENVIRONMENT, KEY, SETTINGS, lay_out


def test_the_snapshot_is_written_whole_and_its_digest_said(tmp_path: Path) -> None:
    output = tmp_path / "snapshot.json"
    output.write_text("old")
    with fake_native(present=False):
        shown = yett("compile", lay_out(tmp_path), "-o", str(output), environment=ENVIRONMENT)
    assert (shown.code, shown.out) == (0, "")
    data = output.read_bytes()
    assert json.loads(data)["credentials"][0]["app"] == "reader-app"
    assert KEY.encode() not in data
    assert f"digest {hashlib.sha256(data).hexdigest()}\n" in shown.err
    assert f"the pepper in the file {tmp_path / '.yett' / 'pepper'}" in shown.err
    assert sorted(path.name for path in tmp_path.iterdir()) == [".yett", "shop.json", "snapshot.json", "yett.yaml"]


def test_without_a_file_the_snapshot_goes_to_standard_output(tmp_path: Path) -> None:
    output = tmp_path / "snapshot.json"
    path = lay_out(tmp_path)
    with fake_native(present=False):
        first = yett("compile", path, environment=ENVIRONMENT)
        yett("compile", path, "-o", str(output), environment=ENVIRONMENT)
    assert first.out == output.read_text(encoding="utf-8")


def test_mistakes_are_shown_and_what_was_there_stays(tmp_path: Path) -> None:
    output = tmp_path / "snapshot.json"
    output.write_text("old")
    path = lay_out(tmp_path, SETTINGS.replace("per: minute", "per: minit"))
    shown = yett("compile", path, "-o", str(output), environment=ENVIRONMENT)
    assert shown.code == 1
    assert "error[unknown-value]" in shown.err
    assert output.read_text() == "old"


def test_what_the_engine_refuses_is_not_written(tmp_path: Path) -> None:
    with fake_native():
        shown = yett("compile", lay_out(tmp_path), "-o", str(tmp_path / "s.json"), environment=ENVIRONMENT)
    assert shown.code == 1
    assert "error[odd] is odd" in shown.err
    assert not (tmp_path / "s.json").exists()


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with fake_native(present=False):
        shown = yett("compile", lay_out(tmp_path), "-o", str(tmp_path / "gone" / "s.json"), environment=ENVIRONMENT)
    assert shown.code == 1
    assert shown.err.count("\n") == 1
    assert "no such file or directory" in shown.err


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe, read = tmp_path / "pipe", list[bytes]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    with fake_native(present=False):
        shown = yett("compile", lay_out(tmp_path), "-o", str(pipe), environment=ENVIRONMENT)
    reader.join()
    assert shown.code == 0
    assert pipe.is_fifo()
    assert json.loads(read[0])["format"] == 1


def test_a_terminal_is_not_filled_with_a_snapshot(tmp_path: Path) -> None:
    mine, theirs = os.openpty()
    command = [sys.executable, "-m", "yett.cli", "compile", lay_out(tmp_path)]
    done = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, text=True, timeout=30)
    os.close(mine)
    os.close(theirs)
    assert done.returncode == 2
    assert "name a file" in done.stderr
