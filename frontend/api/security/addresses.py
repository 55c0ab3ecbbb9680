"""The address of a client, as limits count it."""

from ipaddress import IPv6Address, IPv6Network, ip_address

from starlette.types import Scope

_MAX_LENGTH = 64  # characters; a proxy may send anything


def client_address(scope: Scope) -> str:
    """Return an IPv4 address, or the network of 64 bits of an IPv6 address: it has one owner."""
    client = scope.get("client")
    if client is None:
        return "unknown"
    host: str = client[0]
    try:
        address = ip_address(host)
    except ValueError:
        return host[:_MAX_LENGTH]
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(IPv6Network((int(address) >> 64 << 64, 64)))
    return str(address)
