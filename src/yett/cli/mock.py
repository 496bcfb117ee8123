"""`yett mock`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from yett.services.news import News


def mock(
    contract: Annotated[str, typer.Argument(metavar="CONTRACT", help="The contract to serve.")],
    listen: Annotated[str, typer.Option("--listen", help="Address to serve it at.")] = "127.0.0.1:8080",
) -> None:
    """Serve a contract without an API behind it.

    The gateway holds requests against the contract as ever and answers with its examples, or with values that fit its
    schemas. `Prefer: code=404` asks for another of the documented answers. A change of the contract serves at once.
    """
    import os
    from contextlib import ExitStack

    from yett.cli.news import show_news
    from yett.cli.output import patience, told_errors
    from yett.services.mock import run_mock

    with told_errors(), ExitStack() as waiting:
        waiting.enter_context(patience(f"starting {contract}"))

        def tell(news: News) -> None:
            waiting.close()
            show_news(news)

        run_mock(contract, listen, os.environ, tell, grace_s=1)
