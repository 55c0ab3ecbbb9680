import socket
from ipaddress import ip_address

import pytest

from frontend.webhooks.addresses import find_addresses, is_public, numeric_address


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "172.32.0.1", "192.0.3.1", "2606:4700::1111", "2a00:1450:4001::200e"]
)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        # this network, private, shared (CGNAT), loopback, link-local (with a cloud's metadata)
        *("0.0.0.0", "0.1.2.3", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"),  # noqa: S104
        *("100.64.0.1", "100.127.255.254", "127.0.0.1", "127.255.255.254", "169.254.169.254"),
        # protocols, documentation, benchmarks, multicast, reserved, broadcast
        *("192.0.0.1", "192.0.0.170", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1"),
        *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
        # unspecified, loopback, discard, unique local, link-local, site-local, multicast, Teredo
        *("::", "::1", "100::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%1", "fec0::1"),
        *("ff02::1", "ff0e::1", "2001::1", "2001:db8::1", "3fff::1", "4000::1"),
        # IPv4 within IPv6: mapped, compatible, translated, 6to4; even of a public address
        *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::ffff:0:127.0.0.1"),
        *("64:ff9b::127.0.0.1", "64:ff9b::8.8.8.8", "64:ff9b:1::1", "2002:7f00:1::", "2002:808::"),
    ],
)
def test_all_others_are_not(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    ("host", "address"),
    [
        *((host, "127.0.0.1") for host in ("127.0.0.1", "127.1", "2130706433", "0x7f000001")),
        *((host, "127.0.0.1") for host in ("0177.0.0.1", "0x7f.1")),
        ("::1", "::1"),
        ("::ffff:7f00:1", "::ffff:127.0.0.1"),
    ],
)
def test_every_form_that_a_resolver_takes_for_an_address_is_one(host: str, address: str) -> None:
    assert numeric_address(host) == ip_address(address)
    assert find_addresses(host) == [ip_address(address)]


@pytest.mark.parametrize("host", ["localhost", "example.org", "1.2.3.4.5", "256.1.1.1", "", "a b"])
def test_names_are_no_addresses(host: str) -> None:
    assert numeric_address(host) is None


def test_names_are_resolved() -> None:
    assert ip_address("127.0.0.1") in find_addresses("localhost")
    with pytest.raises(socket.gaierror):
        find_addresses("no-such-name.invalid")
