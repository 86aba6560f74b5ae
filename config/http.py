"""How the server reads HTTP: the fast parser, held to a limit it does not have itself."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD = 65_536
"""Bytes of request line and headers a client may take before they are complete."""


class Http(HttpToolsProtocol):
    """Answers 400 to a head that does not end, instead of keeping all of it in memory."""

    _head = 0

    def data_received(self, data: bytes) -> None:
        """Read on. What one reading from the socket brings is bounded, so it is looked at after."""
        self._head += len(data)
        super().data_received(data)
        if self._head > MAX_HEAD and not self.transport.is_closing():
            self.send_400_response("The request's head is too large.")

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._head = -(2**62)  # what comes now is the body, until the next request begins

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._head = 0
