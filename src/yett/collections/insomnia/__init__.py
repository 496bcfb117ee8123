"""Insomnia's exports: version 4 (a flat list of resources) and version 5 (a tree) are read, version 5 is written."""

from __future__ import annotations

from yett.collections.insomnia.flat import read_insomnia_4
from yett.collections.insomnia.tree import read_insomnia_5
from yett.collections.insomnia.write import write_insomnia

__all__ = ["read_insomnia_4", "read_insomnia_5", "write_insomnia"]
