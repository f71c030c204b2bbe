"""Where somebody asks from: an address, or the network that an IPv6 address changes within."""

from __future__ import annotations

import pytest

from blog.domain.networks import network_of

NETWORKS = {
    "192.0.2.1": "192.0.2.1",
    "2001:db8:1:2:aaaa::8": "2001:db8:1:2::/64",
    "2001:DB8:1:2::7": "2001:db8:1:2::/64",
    "no address": "no address",
    "": "",
}


@pytest.mark.parametrize(("address", "network"), NETWORKS.items())
def test_of_ipv6_the_network_is_told(address: str, network: str) -> None:
    assert network_of(address) == network
