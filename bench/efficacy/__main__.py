"""What the injection guard catches and what it stops by mistake: `python -m bench.efficacy` (`make efficacy`).

Values of other people's corpora (YETT_CORPORA) and of `benign.py` are placed in requests to the bookshop of `shop.py`
and decided by the real engine, without sockets. The table of `docs/protection.md` is printed, and written there with
`--write`. `--level` measures another level than `standard`.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from bench.efficacy.corpora import Set, all_sets
from bench.efficacy.shop import Shop
from bench.efficacy.table import Row, table

PAGE = Path(__file__).resolve().parents[2] / "docs/protection.md"
MARK = "<!-- measured: injection -->"


def main() -> int:
    """Measure, print, and write where asked to; return 1 where there is nothing to measure."""
    parser = argparse.ArgumentParser(prog="python -m bench.efficacy", description=__doc__)
    parser.add_argument("--level", choices=("relaxed", "standard", "strict"), default="standard")
    parser.add_argument("--most", type=int, default=1500, help="most values of one set")
    parser.add_argument("--write", action="store_true", help="write the table into docs/protection.md")
    asked = parser.parse_args()
    sets = all_sets(asked.most)
    if not any(one.attack for one in sets):
        print("efficacy: there are no corpora: set YETT_CORPORA to where they are")
        return 1
    text = table([_measure(Shop(asked.level), one) for one in sets])
    print(text)
    if asked.write:
        _write(text)
    return 0


def _measure(shop: Shop, one: Set) -> Row:
    """Attacks also go to the parameters that a contract describes narrowly: with it on, and with it off."""
    print(f"efficacy: {one.name}: {len(one.values)} values", file=sys.stderr)
    free = shop.refused(one.values, one.placements)
    narrow = (shop.refused_anywhere(one.values, contract=on) if one.attack else None for on in (False, True))
    without, with_contract = narrow
    return Row(one, free, without, with_contract)


def _write(text: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    written = re.sub(f"{MARK}.*?{MARK}", lambda _: f"{MARK}\n\n{text}\n{MARK}", page, flags=re.DOTALL)
    PAGE.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
