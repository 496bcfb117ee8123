"""The seam: its names, and that the native module was built from the sources that lie here."""

from __future__ import annotations

import ast
import zlib
from pathlib import Path

from tests.native import NATIVE
from yett.gateway import build_info
from yett.gateway.native import native

ROOT = Path(__file__).resolve().parent.parent
STUB = ROOT / "src" / "yett" / "_native.pyi"

NAMES = {
    "Gateway",
    "NativeError",
    "build_info",
    "catalogue",
    "check",
    "decide",
    "find_data",
    "statements",
    "unverified_issuer",
    "verify_jws",
    "verify_jwt",
}
METHODS = {
    "key_set",
    "apply",
    "events",
    "findings",
    "load_keys",
    "patch",
    "renew_secrets",
    "renew_tls",
    "start",
    "stats",
    "stop",
    "used_keys",
}


def sources_checksum() -> str:
    """What `crates/yett-py/build.rs` computes: CRC-32 over names and bytes of every source file, by name."""
    crates = ROOT / "crates"
    files = {path.relative_to(crates).as_posix(): path for path in crates.glob("*/src/**/*.rs")}
    crc = 0
    for name in sorted(files):
        crc = zlib.crc32(b"\0".join([name.encode(), files[name].read_bytes(), b""]), crc)
    return f"{crc:08x}"


@NATIVE
def test_the_native_module_was_built_from_these_sources() -> None:
    assert build_info()["sources"] == sources_checksum(), "the native module is stale: run `make build`"


@NATIVE
def test_the_native_module_is_a_release_build() -> None:
    assert build_info()["optimised"] is True


@NATIVE
def test_the_seam_has_these_names_and_no_others() -> None:
    module = native()
    assert {name for name in vars(module) if not name.startswith("_")} == NAMES
    assert {name for name in vars(module.Gateway) if not name.startswith("_")} == METHODS


def test_the_stub_describes_these_names_and_no_others() -> None:
    nodes = ast.parse(STUB.read_text()).body
    definitions = {node.name: node for node in nodes if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    assert set(definitions) == NAMES
    gateway = definitions["Gateway"]
    assert isinstance(gateway, ast.ClassDef)
    assert {node.name for node in gateway.body if isinstance(node, ast.FunctionDef)} == METHODS | {"__new__"}
