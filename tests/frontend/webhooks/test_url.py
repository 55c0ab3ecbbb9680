import pytest

from frontend.webhooks.url import CallbackUrlError, parse_url


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org",
        "HTTP://Example.org:8080/hooks/1?token=a%20b&x=y",
        "https://bücher.example/ü?q=ü",
        "https://8.8.8.8/x",
        "https://[2606:4700::1111]:8443/x",
        "http://localhost/",  # resolved, and refused, when it is sent to
    ],
)
def test_http_urls_are_taken(url: str) -> None:
    parse_url(url, allow_private=False)


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("", "must begin with http"),
        ("example.org/hook", "must begin with http"),
        ("//example.org/hook", "must begin with http"),
        ("ftp://example.org", "must begin with http"),
        ("file:///etc/passwd", "must begin with http"),
        ("https://user:secret@example.org/", "must not hold a user"),
        ("https://user@example.org/", "must not hold a user"),
        ("https://example.org\\@127.0.0.1/", "must not hold a user"),
        ("https://example.org/#part", "must not have a fragment"),
        ("https://example.org/#", "must not have a fragment"),
        ("https://example.org:0/", "must have a port"),
        ("https://example.org:65536/", "must have a port"),
        ("https://example.org:http/", "is no URL"),
        ("https:///hook", "must name a host"),
        ("https:example.org", "must name a host"),
        ("https://a..b/", "must name a host"),
        ("https://exa mple.org/", "must name a host"),
        ("https://%31.2.3.4/", "must name a host"),
        (f"https://{'a' * 64}.example/", "must name a host"),
        (f"https://{'a.' * 130}example/", "must name a host"),
        ("https://[fe80::1%25eth0]/", "must name a host"),
        ("https://example.org/\r\nX: y", "is no URL"),
        ("https://0177.0.0.1/", "is no URL"),
        ("https://①②⑦.0.0.1/", "is no URL"),
    ],
)
@pytest.mark.parametrize("allow_private", [True, False])
def test_what_is_no_such_url_is_refused(url: str, complaint: str, allow_private: bool) -> None:
    with pytest.raises(CallbackUrlError, match=complaint):
        parse_url(url, allow_private=allow_private)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "10.0.0.1"),
        *("169.254.169.254", "100.64.0.1", "[::1]", "[fd00::1]", "[::ffff:10.0.0.1]"),
        "[64:ff9b::10.0.0.1]",
    ],
)
def test_addresses_within_networks_are_refused_unless_they_are_allowed(host: str) -> None:
    url = f"http://{host}:8080/hook"

    with pytest.raises(CallbackUrlError, match="no public address; WEBHOOK_PRIVATE_ADDRESSES"):
        parse_url(url, allow_private=False)

    parse_url(url, allow_private=True)
