import pytest

from frontend.api.accept import prefers_html

CHROMIUM = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;"
    "q=0.8,application/signed-exchange;v=b3;q=0.7"
)
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (CHROMIUM, True),
        (FIREFOX, True),
        ("text/html", True),
        ("TEXT/*", True),
        ("application/json;q=0.5, text/html", True),
        # curl, fetch and SDKs.
        ("*/*", False),
        ("application/json", False),
        ("application/json, text/html", False),
        ("text/html;q=0.1, */*", False),
        # Pictures, videos and event streams of pages.
        ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", False),
        ("text/event-stream", False),
        ("text/html;q=much", False),
        ("", False),
    ],
)
def test_only_who_would_rather_have_a_page_gets_one(accept: str, expected: bool) -> None:
    assert prefers_html({"type": "http", "headers": [(b"accept", accept.encode())]}) is expected


def test_without_a_preference_there_is_no_page() -> None:
    assert not prefers_html({"type": "http", "headers": []})
