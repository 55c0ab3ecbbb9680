"""Sign an event and send it, to no other address than the one that was checked."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http import HTTPStatus

import httpx
from standardwebhooks import Webhook

from frontend.webhooks.addresses import find_addresses
from frontend.webhooks.url import CallbackUrlError, parse_url, require_allowed

MAX_SENDING = 16  # at once

_CONNECT_SHARE = 0.3  # of the time: a host may have more than one address


class DeliveryError(Exception):
    """The event has not arrived."""

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final  # its receiver wants no more


class Sender:
    def __init__(self, secret: str, timeout: float, *, allow_private: bool) -> None:
        self._signer = Webhook(secret)
        self._timeout = timeout  # seconds
        self._allow_private = allow_private
        # Threads of its own: a slow resolver must not hold those of the jobs.
        self._resolvers = ThreadPoolExecutor(MAX_SENDING, "resolver")
        self._client = httpx.AsyncClient(
            verify=httpx.create_ssl_context(),
            timeout=httpx.Timeout(timeout, connect=_CONNECT_SHARE * timeout),
            # Connections are kept by address, whatever name their certificate was checked for.
            limits=httpx.Limits(max_keepalive_connections=0),
            follow_redirects=False,
            trust_env=False,  # a proxy would resolve the name again
        )

    async def close(self) -> None:
        self._resolvers.shutdown(wait=False, cancel_futures=True)
        await self._client.aclose()

    async def send(self, url: str, message_id: str, body: str) -> None:
        """Send the event once.

        Raises:
            DeliveryError: it was not answered with 2xx.
        """
        try:
            async with asyncio.timeout(self._timeout):
                status = await self._post(url, self._headers(message_id, body), body)
        except TimeoutError:
            raise DeliveryError(f"no answer within {self._timeout:g} s") from None
        except CallbackUrlError as error:
            raise DeliveryError(f"its URL {error}") from error
        except (httpx.TransportError, OSError) as error:
            raise DeliveryError(str(error) or type(error).__name__) from error
        if not HTTPStatus(200) <= status < HTTPStatus(300):
            raise DeliveryError(f"the answer was {status}", is_final=status == HTTPStatus.GONE)

    def _headers(self, message_id: str, body: str) -> dict[str, str]:
        now = datetime.now(UTC)
        return {
            "Content-Type": "application/json",
            "User-Agent": "ltx-triton",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(message_id, now, body),
        }

    async def _post(self, text: str, headers: dict[str, str], body: str) -> int:
        """Try the addresses of the host in turn; the status of the first one's answer."""
        url = parse_url(text, allow_private=self._allow_private)
        host = url.raw_host.decode()
        loop = asyncio.get_running_loop()
        addresses = await loop.run_in_executor(self._resolvers, find_addresses, host)
        require_allowed(addresses, allow_private=self._allow_private)
        for address in addresses:
            try:
                async with self._client.stream(
                    "POST",
                    url.copy_with(host=str(address)),
                    content=body.encode(),
                    headers={**headers, "Host": url.netloc.decode()},
                    extensions={"sni_hostname": host},  # the certificate's, too
                ) as response:
                    return response.status_code
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                refused = error
        raise refused
