"""The addresses that webhooks may go to."""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address

# Global unicast; forms that embed an IPv4 address, except 6to4, lie outside of it.
_IPV6 = IPv6Network("2000::/3")
# What Python 3.11 takes for global and is not: protocol assignments, 6to4, documentation.
_SPECIAL = tuple(map(ip_network, ("192.0.0.0/24", "2002::/16", "3fff::/20")))


def is_public(address: Address) -> bool:
    """Whether the address is one host's of the internet, and not of a network behind it."""
    if isinstance(address, IPv6Address) and address not in _IPV6:
        return False
    return (
        address.is_global
        and not address.is_multicast
        and not any(address in network for network in _SPECIAL)
    )


def numeric_address(host: str) -> Address | None:
    """Return the address that the host is, in any form that a resolver takes: 127.1, 0x7f000001."""
    try:
        [(*_, found), *_] = socket.getaddrinfo(host.encode(), None, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        return None
    return ip_address(found[0])


def find_addresses(host: str) -> list[Address]:
    """Ask the resolver; it may take long.

    Raises:
        OSError: the name has no address, or the resolver does not answer.
    """
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [ip_address(address[0]) for *_, address in found]
