"""Addresses as they stand in a configuration, and who can reach them."""

from __future__ import annotations

from ipaddress import ip_address


def host_of(address: str) -> str:
    """The host of `host:port`, without the brackets of IPv6."""
    return address.rpartition(":")[0].strip("[]")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it. A name other than `localhost` may be anywhere."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def is_private(host: str) -> bool:
    """Whether it is an address that the internet does not reach. All addresses of a machine (`0.0.0.0`) are not."""
    try:
        address = ip_address(host)
    except ValueError:
        return is_loopback(host)
    return address.is_private and not address.is_unspecified
