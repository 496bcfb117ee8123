"""What a protective step does with what it finds."""

from __future__ import annotations

from typing import Literal

Mode = Literal["enforce", "monitor", "off"]
"""Refuse it, record it, or not look."""
