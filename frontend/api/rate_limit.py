"""Requests per client in a sliding minute, counted in the job store for all workers together."""

import math
import time
from dataclasses import dataclass

from sqlalchemy import Integer, String, delete, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from frontend.database.database import Base, Database

RATE_LIMIT = "rate_limit"
_WINDOW = 60.0  # seconds


class CountedRequest(Base):
    """A request that counts against its client's limit."""

    __tablename__ = "counted_requests"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    client: Mapped[str] = mapped_column(String(64), index=True)
    at: Mapped[float] = mapped_column(index=True)


@dataclass(frozen=True)
class RateLimiter:
    """Methods block: call them in a thread."""

    database: Database
    per_minute: int

    def retry_after(self, client: str) -> int | None:
        """Count a request of `client`; if it is one too many, the seconds to wait instead."""
        with self.database.exclusive(RATE_LIMIT) as session:
            now = time.time()
            # Later than now: written before the clock was set back.
            outside = or_(CountedRequest.at <= now - _WINDOW, CountedRequest.at > now)
            session.execute(delete(CountedRequest).where(outside))
            count, oldest = session.execute(
                select(func.count(), func.min(CountedRequest.at)).where(
                    CountedRequest.client == client
                )
            ).one()
            if count >= self.per_minute:
                return max(1, math.ceil(oldest + _WINDOW - now))
            session.add(CountedRequest(client=client, at=now))
            return None
