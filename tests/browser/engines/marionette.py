"""Firefox without geckodriver, which Debian does not package: selenium over Marionette."""

import json
import socket
from typing import Any

from selenium.webdriver.remote.command import Command

TIMEOUT_SECONDS = 60
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""The key of an element's id in the WebDriver standard."""

NAMES = {
    Command.ADD_COOKIE: "WebDriver:AddCookie",
    Command.CLICK_ELEMENT: "WebDriver:ElementClick",
    Command.DELETE_ALL_COOKIES: "WebDriver:DeleteAllCookies",
    Command.GET: "WebDriver:Navigate",
    Command.NEW_SESSION: "WebDriver:NewSession",
    Command.QUIT: "Marionette:Quit",
    Command.REFRESH: "WebDriver:Refresh",
    Command.SCREENSHOT: "WebDriver:TakeScreenshot",
    Command.SEND_KEYS_TO_ELEMENT: "WebDriver:ElementSendKeys",
    Command.SET_WINDOW_RECT: "WebDriver:SetWindowRect",
    Command.SWITCH_TO_FRAME: "WebDriver:SwitchToFrame",
    Command.W3C_ACTIONS: "WebDriver:PerformActions",
    Command.W3C_EXECUTE_SCRIPT: "WebDriver:ExecuteScript",
}
"""Marionette's names of the commands that the tests use."""


class Marionette:
    """A command executor of selenium that sends commands to a Firefox itself.

    A frame is the length of its JSON, a colon and the JSON: ``[0, id, command, parameters]``, and
    ``[1, id, error, result]`` in response.
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS)
        self._received = self._socket.makefile("rb")
        self._count = 0
        self._receive()  # a greeting

    def execute(self, command: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Return a response as selenium expects it from a driver."""
        self._count += 1
        text = json.dumps([0, self._count, NAMES[command], _translated(command, parameters)])
        data = text.encode()
        self._socket.sendall(b"%d:%s" % (len(data), data))
        _, _, error, result = self._receive()
        if error:
            return {"status": error["error"], "value": error}
        return {"value": result["value"] if set(result) == {"value"} else result}

    def close(self) -> None:
        self._received.close()
        self._socket.close()

    def _receive(self) -> Any:
        length = b""
        while (digit := self._received.read(1)) != b":":
            assert digit, "Firefox closed the connection"
            length += digit
        return json.loads(self._received.read(int(length)))


def _translated(command: str, parameters: dict[str, Any]) -> dict[str, Any]:
    match command:
        case Command.NEW_SESSION:
            return {}
        case Command.QUIT:
            return {"flags": ["eForceQuit"]}
        case Command.SCREENSHOT:
            return {"full": False}
        case Command.SWITCH_TO_FRAME:
            frame = parameters["id"]
            return {"element": frame[ELEMENT]} if frame else {}
        case _:
            return parameters
