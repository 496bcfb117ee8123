"""What tests need to know about the native module."""

from __future__ import annotations

import pytest

from yett.gateway import native_available

NATIVE = pytest.mark.skipif(not native_available(), reason="the native module is not built: run `make build`")
"""Marks a test that asks the engine."""
