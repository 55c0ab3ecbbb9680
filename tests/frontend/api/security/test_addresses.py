from typing import Any

import pytest

from frontend.api.security.addresses import client_address


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        (("192.0.2.7", 50000), "192.0.2.7"),
        (("2001:db8:1:2:3:4:5:6", 50000), "2001:db8:1:2::/64"),
        (("2001:db8:1:2:ffff::", 50000), "2001:db8:1:2::/64"),
        (("::ffff:192.0.2.7", 50000), "192.0.2.7"),
        (("fe80::1%eth0", 50000), "fe80::/64"),
        (("a proxy's nonsense " * 10, 0), ("a proxy's nonsense " * 10)[:64]),
        (None, "unknown"),
    ],
)
def test_an_ipv6_client_is_its_network_of_64_bits(client: Any, expected: str) -> None:
    assert client_address({"type": "http", "client": client}) == expected
