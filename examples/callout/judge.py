"""A callout for the bookshop: who may order how much is decided here, and not in the gateway."""

from __future__ import annotations

from yett.callout import Request, Verdict, allow, callout, deny

MOST_COPIES = 10


@callout
async def judge(request: Request) -> Verdict:
    """Let nobody buy more than ten copies at once, and tell the upstream which shelf the order is for."""
    if request.operation != "bookshop:createOrder":
        return allow()
    items = request.json()["items"]
    copies = sum(item["quantity"] for item in items)
    if copies > MOST_COPIES:
        return deny(f"{copies} copies in one order")
    return allow(headers={"x-order-size": "large" if copies > 5 else "small"})
