import asyncio
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from frontend.webhooks import url as webhook_url
from frontend.webhooks.sender import DeliveryError, Sender
from tests.frontend.webhooks.receiver import HANG, SECRET, Receiver

BODY = '{"type": "video.completed", "data": {"prompt": "Käfer"}}'
NAME = "hooks.example.org"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses of NAME, one for each time that the resolver is asked."""
    addresses: list[str] = []
    resolve = socket.getaddrinfo

    def answer(host: Any, port: Any, **options: Any) -> Any:
        if host == NAME:
            host = addresses.pop(0)
        return resolve(host, port, **options)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return addresses


def send(url: str, *, allow_private: bool = True, timeout: float = 5, times: int = 1) -> None:
    async def run() -> None:
        sender = Sender(SECRET, timeout, allow_private=allow_private)
        try:
            for _ in range(times):
                await sender.send(url, "msg_1", BODY)
        finally:
            await sender.close()

    asyncio.run(run())


def test_an_event_is_signed_as_standard_webhooks_have_it(receiver: Receiver) -> None:
    send(receiver.url())

    [received] = receiver.received
    assert received.verified() == {"type": "video.completed", "data": {"prompt": "Käfer"}}
    assert received.body.decode() == BODY
    assert received.headers["webhook-id"] == "msg_1"
    assert abs(int(received.headers["webhook-timestamp"]) - time.time()) < 10
    assert received.headers["webhook-signature"].startswith("v1,")
    assert received.headers["Content-Type"] == "application/json"
    assert received.headers["Host"] == f"127.0.0.1:{receiver.port}"


def test_a_name_is_sent_along_with_the_event(receiver: Receiver, answers: list[str]) -> None:
    answers.append("127.0.0.1")

    send(receiver.url(NAME))

    assert receiver.received[0].headers["Host"] == f"{NAME}:{receiver.port}"


@pytest.mark.parametrize("status", [204, 299])
def test_every_2xx_is_an_arrival(status: int) -> None:
    with Receiver(status) as receiver:
        send(receiver.url())


@pytest.mark.parametrize(("status", "is_final"), [(302, False), (404, False), (410, True)])
def test_other_answers_are_not_and_410_is_the_last(status: int, is_final: bool) -> None:
    with (
        Receiver(status) as receiver,
        pytest.raises(DeliveryError, match=f"the answer was {status}") as raised,
    ):
        send(receiver.url())

    assert raised.value.is_final == is_final


def test_a_receiver_that_does_not_answer_is_not_waited_for() -> None:
    with Receiver(HANG) as receiver, pytest.raises(DeliveryError, match=r"no answer within 0.2 s"):
        send(receiver.url(), timeout=0.2)


def test_a_receiver_that_is_not_there_is_an_error() -> None:
    with Receiver() as receiver:
        url = receiver.url()
    with pytest.raises(DeliveryError, match="connect"):
        send(url)
    with pytest.raises(DeliveryError, match="Name or service not known"):
        send("http://no-such-name.invalid/")


def test_the_other_addresses_of_a_name_are_tried(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [(0, 0, 0, "", (address, 0)) for address in ("127.0.0.2", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    send(receiver.url(NAME))

    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "240.0.0.1"),
        *("::1", "fd00::1", "fe80::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"),
    ],
)
def test_a_name_that_leads_into_a_network_is_refused(
    address: str, receiver: Receiver, answers: list[str]
) -> None:
    answers.append(address)

    with pytest.raises(DeliveryError, match="no public address"):
        send(receiver.url(NAME), allow_private=False)

    assert receiver.received == []


def test_one_refused_address_of_a_name_refuses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(0, 0, 0, "", (address, 0)) for address in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    with pytest.raises(DeliveryError, match=r"leads to 10\.0\.0\.1"):
        send(f"http://{NAME}/", allow_private=False)


def test_an_address_that_is_no_longer_allowed_is_refused(receiver: Receiver) -> None:
    with pytest.raises(DeliveryError, match="no public address"):
        send(receiver.url(), allow_private=False)

    assert receiver.received == []


def test_the_connection_goes_to_the_address_that_was_checked(
    receiver: Receiver, answers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_url, "is_public", lambda address: str(address) == "127.0.0.1")
    answers += ["127.0.0.1", "127.0.0.2"]
    with Receiver(address="127.0.0.2", port=receiver.port) as inside:
        with pytest.raises(DeliveryError, match=r"leads to 127\.0\.0\.2"):
            send(receiver.url(NAME), allow_private=False, times=2)

        assert inside.received == []
    assert len(receiver.received) == 1, "the name was resolved once for each try"
    assert answers == []


def test_redirects_are_not_followed(receiver: Receiver) -> None:
    with Receiver(307) as redirecting:
        redirecting.location = receiver.url()

        with pytest.raises(DeliveryError, match="the answer was 307"):
            send(redirecting.url())

    assert receiver.received == []


def test_a_proxy_of_the_environment_is_not_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Receiver() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url())
        send(receiver.url())

    assert (len(receiver.received), proxy.received) == (1, [])


@pytest.mark.parametrize("certified", [NAME, "other.example.org"])
def test_a_certificate_must_be_of_the_name(
    certified: str, answers: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",  # noqa: S607
         "-nodes", "-days", "1", "-subj", "/CN=test", "-addext", f"subjectAltName=DNS:{certified}",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    asked: list[str | None] = []
    tls.sni_callback = lambda _socket, name, _context: asked.append(name)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    answers.append("127.0.0.1")

    with Receiver(tls=tls) as receiver:
        if certified == NAME:
            send(receiver.url(NAME))
            assert len(receiver.received) == 1
        else:
            with pytest.raises(DeliveryError, match="Hostname mismatch"):
                send(receiver.url(NAME))
            assert receiver.received == []
    assert asked == [NAME]
