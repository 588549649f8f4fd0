"""A page served to this machine alone, with refits by Python: standard library only.

It listens on 127.0.0.1. Requests whose Host is not its own are refused, so that no other site can reach it under a name of
its own (DNS rebinding); every address has a random token in it; nothing is read from disk, whatever the path; bodies, times
and the number of refits at once are limited.
"""

from __future__ import annotations

import io
import json
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from emkit.core.json_types import Json
from emkit.errors import DataError, EmkitError

HOST = "127.0.0.1"
MOST_BYTES = 10_000  # of a request's body
SECONDS = 10.0  # for a whole request to arrive, and for the answer to be taken


@dataclass(frozen=True)
class Served:
    """What is served: the `page`, and `refit`, which answers a wish from JSON with a trace."""

    page: str
    refit: Callable[[object], Json]
    token: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    busy: threading.Lock = field(default_factory=threading.Lock)


class Server(ThreadingHTTPServer):
    """Serves one page on 127.0.0.1. Errors: DataError if the port is taken."""

    daemon_threads = True
    allow_reuse_address = False

    def __init__(self, served: Served, port: int = 0) -> None:
        self.served = served
        try:
            super().__init__((HOST, port), Handler)
        except (OSError, OverflowError) as error:
            raise DataError(f"port {port} cannot be used ({error}); leave --port out to take any free one.") from None

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that went away: the terminal belongs to the user."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.server_address[1]}/{self.served.token}/"

    @property
    def hosts(self) -> tuple[str, str]:
        """The names under which it may be called."""
        return f"{HOST}:{self.server_address[1]}", f"localhost:{self.server_address[1]}"


class _Until(io.RawIOBase):
    """What arrives at a socket until a moment of the monotonic clock; later, it raises TimeoutError."""

    def __init__(self, connection: socket.socket, end: float) -> None:
        self._connection, self._end = connection, end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the request took too long to arrive.")
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)


class Handler(BaseHTTPRequestHandler):
    """GET of the page, POST of a wish; anything else is refused."""

    server: Server
    timeout = SECONDS
    server_version = "emkit"
    sys_version = ""

    def setup(self) -> None:
        """Read no longer than the whole request may take to arrive, however many pieces it comes in."""
        super().setup()
        self.rfile.close()
        self.rfile = io.BufferedReader(_Until(self.connection, time.monotonic() + SECONDS))

    def do_GET(self) -> None:
        """The page, which changes nothing."""
        if self._from_here():
            if self._asks_for(""):
                self._answer(HTTPStatus.OK, self.server.served.page.encode(), "text/html; charset=utf-8")
            else:
                self._refuse(HTTPStatus.NOT_FOUND, "there is nothing here; open the address that emkit printed.")

    def do_POST(self) -> None:
        """A refit."""
        if not self._from_here():
            return
        if not self._asks_for("refit"):
            self._refuse(HTTPStatus.NOT_FOUND, "there is nothing here.")
            return
        body = self._body()
        if body is None:
            return
        try:
            wish: object = json.loads(body)
        except (ValueError, RecursionError):
            self._refuse(HTTPStatus.BAD_REQUEST, "this is not JSON.")
        else:
            self._refit(wish)

    def _from_here(self) -> bool:
        """Whether the request names this server as its host and, if a page sent it, as its origin."""
        host, origin = self.headers.get("Host", ""), self.headers.get("Origin")
        own = host.lower() in self.server.hosts and (
            origin is None or origin in {f"http://{name}" for name in self.server.hosts}
        )
        if not own:
            self._refuse(HTTPStatus.FORBIDDEN, "this server answers to its own page only.")
        return own

    def _asks_for(self, name: str) -> bool:
        return secrets.compare_digest(self.path.encode(), f"/{self.server.served.token}/{name}".encode())

    def _body(self) -> bytes | None:
        """The body; None if it was refused."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            refusal = HTTPStatus.LENGTH_REQUIRED, "say how long the body is."
        elif len(length) > 12 or int(length) > MOST_BYTES:
            refusal = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a refit is asked for in at most {MOST_BYTES} bytes."
        elif self.headers.get_content_type() != "application/json":
            refusal = HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "a refit is asked for in JSON."
        else:
            return self.rfile.read(int(length))
        self._refuse(*refusal)
        return None

    def _refit(self, wish: object) -> None:
        from emkit.page.html import embedded

        served = self.server.served
        if not served.busy.acquire(blocking=False):
            self._refuse(HTTPStatus.TOO_MANY_REQUESTS, "one refit at a time.")
            return
        try:
            made, mistake = served.refit(wish), ""
        except EmkitError as error:
            made, mistake = {}, str(error)
        finally:
            served.busy.release()
        if mistake:
            self._refuse(HTTPStatus.BAD_REQUEST, mistake)
        else:
            self._answer(HTTPStatus.OK, embedded(made).encode(), "application/json")

    def _refuse(self, status: HTTPStatus, sentence: str) -> None:
        self._answer(status, json.dumps({"error": sentence}).encode(), "application/json")

    def _answer(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.close_connection = True
        self.connection.settimeout(SECONDS)
        self.send_response(status)
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Connection": "close",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the terminal belongs to the user."""
