"""Whose an address of the Internet is: what stands for one place when its requests or readers are counted."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

# Whoever has one address of IPv6 has all of its network, and takes a new one every day or more often.
_OF_IPV6: Final = 64


def network_of(address: str) -> str:
    """Return an IPv4 address as it is, and the network of an IPv6 one; what is neither stays what it is."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    return str(ip_network(f"{ip}/{_OF_IPV6}", strict=False)) if isinstance(ip, IPv6Address) else address
