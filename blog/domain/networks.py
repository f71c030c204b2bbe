"""From where somebody asks, as far as that tells them from others."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

# An IPv6 reader gets a new address within its network every day or more often.
_OF_IPV6: Final = 64


def network_of(address: str) -> str:
    """Return an IP address, of IPv6 its network of 64 bits; any other text as it is."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    return str(ip_network(f"{ip}/{_OF_IPV6}", strict=False)) if isinstance(ip, IPv6Address) else address
