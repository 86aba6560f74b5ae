"""The environment of browser tests: a real server on its own folder, and a Chromium."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Playwright

from tests.machine import preloaded, programs
from tests.machine.app import App
from tests.machine.server_folders import Installed

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--in-process-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    # Replaces Playwright's list, which would block storage in frames of other sites.
    "--disable-features=HttpsUpgrades,MediaRouter,OptimizationHints,PaintHolding,Translate",
)
# Higher limits: the defaults are for a person's hands, and a test writes faster.
ENVIRON = {"DEMO": "1", "MESSAGES_PER_SECOND": "100", "FRAMES_PER_SECOND": "500"}


ANNA_FIRST = """
from django.utils import timezone
from livechat.models import Operator
Operator.objects.filter(user__username="ben").update(last_assigned_at=timezone.now())
"""
"""Between operators who never had a chat, chance would decide who gets the first one."""


@dataclass(frozen=True)
class Template(Installed):
    """A folder with the demo loaded and static files collected, to be copied."""

    @property
    def passwords(self) -> dict[str, str]:
        passwords: dict[str, str] = json.loads((self.folder / "demo-accounts.json").read_text())
        return passwords


def build(folder: Path) -> Template:
    app = App(folder, environ=ENVIRON, forked=False)  # the fork server needs this folder first
    with ThreadPoolExecutor() as beside:
        # Leave out hundreds of flags, which no page shows.
        collected = beside.submit(
            app.manage, "collectstatic", "--no-input", "--verbosity", "0", "--ignore=flags"
        )
        app.manage("migrate", "--verbosity", "0")
        app.manage("load_demo")
        app.manage("shell", "--verbosity", "0", "-c", ANNA_FIRST)
        collected.result()
    return Template(folder)


def can_fork(template: Template) -> bool:
    """Return whether servers on copies of the template can be forked."""
    environ = App(template.folder, environ=ENVIRON).environ
    return preloaded.prepare(template.folder, environ)


class ServerPool:
    """Servers that contain only the demo.

    The next server starts while a test uses the current one, so that no test waits for its server.
    """

    def __init__(self, template: Template, folder: Path) -> None:
        self._template = template
        self._folder = folder
        self._builder = ThreadPoolExecutor(1)
        self._count = 0
        self._can_fork = can_fork(template)
        self._coming = self._builder.submit(self._start)

    def next(self) -> App:
        coming, self._coming = self._coming, self._builder.submit(self._start)
        return coming.result()

    def close(self) -> None:
        self._coming.result().kill()
        self._builder.shutdown()

    def _start(self) -> App:
        self._count += 1
        folder = self._folder / str(self._count)
        self._template.copy(folder)
        app = App(folder, environ=ENVIRON, forked=self._can_fork)
        app.start()
        return app


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(
        executable_path=str(programs.chromium() or ""), args=list(FLAGS)
    )
