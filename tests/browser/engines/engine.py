"""Firefox and WebKit (the engine of Safari), as Debian packages them, driven by selenium."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar, cast

from selenium.webdriver.common.options import ArgOptions
from selenium.webdriver.common.proxy import Proxy
from selenium.webdriver.firefox.options import Options as FirefoxOptions
from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.remote.file_detector import UselessFileDetector
from selenium.webdriver.remote.remote_connection import RemoteConnection
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.webkitgtk.options import Options as WebKitOptions

from tests.browser.engines.marionette import Marionette
from tests.machine import programs
from tests.machine.ports import free_port
from tests.machine.timeouts import wait_until

T = TypeVar("T")

SCREEN = "1600x1200x24"
PREFERENCES = {
    "marionette.port": 0,  # a free one
    "intl.accept_languages": "en-GB",
    "ui.prefersReducedMotion": 1,
    "ui.systemUsesDarkTheme": 0,
    # Everything but the tests' own servers is unreachable.
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
}


@contextmanager
def launched(engine: str, folder: Path, *, is_dark: bool = False) -> Iterator[WebDriver]:
    """Yield a browser with a profile of its own in `folder`, light or dark as its system."""
    folder.mkdir(parents=True)
    with (_firefox if engine == "firefox" else _webkit)(folder, is_dark=is_dark) as driver:
        yield driver


@contextmanager
def _firefox(folder: Path, *, is_dark: bool) -> Iterator[WebDriver]:
    wanted = PREFERENCES | {"ui.systemUsesDarkTheme": int(is_dark)}
    lines = [f'user_pref("{name}", {json.dumps(value)});\n' for name, value in wanted.items()]
    (folder / "user.js").write_text("".join(lines))
    words = ("-marionette", "-headless", "-no-remote", "-profile", str(folder))
    with _running([str(programs.firefox()), *words], folder) as process:
        active = folder / "MarionetteActivePort"
        port = _once(process, lambda: active.exists() and active.read_text())
        with closing(Marionette(int(port))) as marionette:
            driver = _driver(cast(RemoteConnection, marionette), FirefoxOptions())
            yield driver
            driver.quit()


@contextmanager
def _webkit(folder: Path, *, is_dark: bool) -> Iterator[WebDriver]:
    options = WebKitOptions()
    options.binary_location = str(programs.minibrowser())
    options.add_argument("--automation")
    options.set_capability("browserName", "MiniBrowser")
    environ = {"GTK_THEME": "Adwaita:dark" if is_dark else "Adwaita", "NO_AT_BRIDGE": "1"}
    port = free_port()
    words = (str(programs.webkit()), "--host=127.0.0.1", f"--port={port}")
    with (
        _display(folder) as display,
        _running(words, folder, environ | {"DISPLAY": display}) as process,
    ):
        _once(process, lambda: _listens(port))
        config = ClientConfig(f"http://127.0.0.1:{port}", proxy=Proxy({"proxyType": "direct"}))
        driver = _driver(RemoteConnection(client_config=config), options)
        yield driver
        driver.quit()


def _driver(connection: RemoteConnection, options: ArgOptions) -> WebDriver:
    # Files are on the same machine, so selenium must not upload them to the driver.
    return WebDriver(connection, options=options, file_detector=UselessFileDetector())


@contextmanager
def _display(folder: Path) -> Iterator[str]:
    """Yield the name of an X display of its own: WebKit has no mode without a window."""
    number = folder / "display"
    with number.open("wb") as file:
        words = (
            *(str(programs.xvfb()), "-displayfd", str(file.fileno()), "-nolisten", "tcp"),
            *("-screen", "0", SCREEN),
        )
        with _running(words, folder, pass_fds=[file.fileno()]) as process:
            yield f":{_once(process, lambda: _line(number))}"


@contextmanager
def _running(
    words: Sequence[str],
    folder: Path,
    environ: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program whose home is `folder`; at the end, kill it and all that it has started."""
    with (folder / f"{Path(words[0]).name}.log").open("wb") as log:
        process = subprocess.Popen(
            words,
            env=os.environ | {"HOME": str(folder), "TMPDIR": str(folder)} | dict(environ or {}),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=pass_fds,
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _once(process: subprocess.Popen[bytes], truth: Callable[[], T]) -> T:
    """Return the result of `truth` as soon as it is true; fails if the program has ended."""

    def still() -> T:
        assert process.poll() is None, f"{process.args!r} ended with {process.returncode}"
        return truth()

    return wait_until(still, process.args)


def _line(file: Path) -> str:
    """Return the line of a file, or "" until it is complete."""
    text = file.read_text() if file.exists() else ""
    return text.strip() if text.endswith("\n") else ""


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
