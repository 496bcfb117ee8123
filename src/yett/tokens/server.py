"""The endpoint's own server: a loopback port, served by a thread beside the gateway's."""

from __future__ import annotations

import socket
import threading
from typing import Final

import uvicorn

from yett.errors import ListenError
from yett.tokens.endpoint import Endpoint

_MOST_CONNECTIONS: Final = 256
_PATIENCE_S: Final = 5.0


class Server:
    """Serves an endpoint on a free port of 127.0.0.1, from `start` until `stop`."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        config = uvicorn.Config(
            endpoint,
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            # What the gateway says of the caller is read by the endpoint, and nothing else is.
            proxy_headers=False,
            server_header=False,
            date_header=False,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=int(_PATIENCE_S),
        )
        self._server = uvicorn.Server(config)
        # With the protocol named, asyncio sends each part of an answer at once (TCP_NODELAY).
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._thread = threading.Thread(target=self._run, name="yett-tokens", daemon=True)
        self.port = 0

    def start(self) -> int:
        """Listen; returns the port. Connections wait until the thread has come up. Raises `ListenError`."""
        try:
            self._socket.bind(("127.0.0.1", 0))
            self._socket.listen(128)
        except OSError as error:
            reason = (error.strerror or "unknown reason").lower()
            raise ListenError(f"the token endpoint cannot listen on 127.0.0.1: {reason}") from None
        self.port = self._socket.getsockname()[1]
        self._thread.start()
        return self.port

    def stop(self) -> None:
        """Answer what has been asked, and end."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(2 * _PATIENCE_S)
        self._socket.close()
        self._endpoint.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])
