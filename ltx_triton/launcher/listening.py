"""Whether a server can listen on its ports, and who holds those that are taken."""

import errno
import socket
from contextlib import suppress
from dataclasses import dataclass

import psutil


class PortTakenError(RuntimeError):
    """A server cannot listen; the message names every port, its setting and who holds it."""


@dataclass(frozen=True)
class Port:
    """A port to listen on, and the setting that chooses it."""

    variable: str
    host: str
    number: int

    def problem(self) -> str | None:
        """Return why nothing can listen here, or None."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.number))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    return (
                        f"cannot listen on {self.host} port {self.number} ({self.variable}): "
                        f"{error.strerror}"
                    )
            else:
                return None
        taken = f"port {self.number} ({self.variable}) is taken"
        with suppress(psutil.NoSuchProcess):
            if holder := self.holder():
                taken += f" by {holder.name()} (process {holder.pid})"
        return taken

    def holder(self) -> psutil.Process | None:
        """Return the process that listens here; None if there is none, or another user's.

        Raises:
            psutil.NoSuchProcess: it has just ended.
        """
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN
            if listens and connection.pid and connection.laddr[1:] == (self.number,):
                return psutil.Process(connection.pid)
        return None


def require_free(*ports: Port) -> None:
    """Raise PortTakenError unless a server can listen on all of them."""
    problems = [problem for port in ports if (problem := port.problem())]
    if problems:
        hint = "; is another `ltx-video serve` running?" if "taken" in " ".join(problems) else ""
        raise PortTakenError("; ".join(problems) + hint)
