"""The programs that tests need besides Python packages: their paths, and how to install them."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

APT_GET = (
    *("apt-get", "--yes", "--quiet", "--no-install-recommends"),
    *("-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3", "-o", "Dpkg::Use-Pty=0"),
)

POLICY = Path("/usr/sbin/policy-rc.d")

PACKAGES = {
    "chromium": ("chromium-headless-shell", "fonts-liberation", "fonts-dejavu-core"),
    "faketime": ("faketime",),
    "firefox": ("firefox-esr",),
    "fonts": ("fonts-noto-color-emoji", "fonts-noto-core", "fonts-noto-cjk"),
    "gettext": ("gettext",),
    "nginx": ("nginx-light", "openssl"),
    "postgres": ("postgresql",),
    "redis": ("redis-server",),
    "webkit": ("webkit2gtk-driver",),
    "xvfb": ("xvfb",),
}


def chromium() -> Path | None:
    """Return the path of Chromium or Chrome, or None.

    Prefers the headless shell, which does the same with two thirds of the CPU.
    """
    return _which(
        *("chromium-headless-shell", "chromium", "chromium-browser"),
        *("google-chrome-stable", "google-chrome"),
    )


def faketime() -> Path | None:
    """Return the path of the library that gives a process another time, or None."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    return found[0] if found else None


def firefox() -> Path | None:
    """Return the path of Firefox, or None."""
    return _which("firefox-esr", "firefox")


def fonts() -> Path | None:
    """Return the folder of fonts if it has emoji, Arabic, and Chinese, Japanese and Korean."""
    folder = Path("/usr/share/fonts")
    wanted = ("NotoColorEmoji.ttf", "NotoSansArabic-Regular.ttf", "NotoSansCJK-Regular.ttc")
    return folder if all(any(folder.glob(f"**/{name}")) for name in wanted) else None


def gettext() -> Path | None:
    """Return the path of the program that extracts translatable texts, or None."""
    return _which("xgettext")


def nginx() -> Path | None:
    """Return the path of nginx, or None."""
    return _which("nginx", "/usr/sbin/nginx")


def redis() -> Path | None:
    """Return the path of the Redis (or Valkey) server, or None."""
    return _which("redis-server", "valkey-server")


def postgres() -> Path | None:
    """Return the path of the newest `postgres`, or None. `initdb` and the rest are beside it."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"),
        key=lambda path: float(path.parts[-3]),
        reverse=True,
    )
    return debian[0] if debian else _which("postgres")


def webkit() -> Path | None:
    """Return the path of WebKit's driver, or None. `minibrowser` comes in the same package."""
    return _which("WebKitWebDriver") if minibrowser() else None


def minibrowser() -> Path | None:
    """Return the path of the small browser that WebKit's driver starts, or None."""
    found = sorted(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"))
    return found[-1] if found else None


def xvfb() -> Path | None:
    """Return the path of the X server without a screen, or None."""
    return _which("Xvfb")


FIND: dict[str, Callable[[], Path | None]] = {
    "chromium": chromium,
    "faketime": faketime,
    "firefox": firefox,
    "gettext": gettext,
    "nginx": nginx,
    "postgres": postgres,
    "redis": redis,
    "webkit": webkit,
    "xvfb": xvfb,
}
"""The programs that tests need."""

FIND_ALL = FIND | {"fonts": fonts}
"""The programs that tests and the documentation's pictures need."""


def missing(names: Iterable[str]) -> list[str]:
    """Return those of `names` that this machine does not have."""
    return [name for name in names if FIND_ALL[name]() is None]


def install(names: Iterable[str]) -> list[str]:
    """Install what is missing of `names`; return what is still missing.

    Does so as root, or with sudo if that needs no password; it never asks for one. Safe to repeat:
    with nothing missing it runs nothing.
    """
    wanted = missing(names)
    prefix = _as_root()
    if not wanted or prefix is None or shutil.which("apt-get") is None:
        return wanted
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([*prefix, *APT_GET, "update"], env=environ, check=False)
    with _nothing_starts(prefix):
        for name in wanted:
            print(f"installing {name}", flush=True)
            subprocess.run(
                [*prefix, *APT_GET, "install", *PACKAGES[name]],
                env=environ,
                check=False,
                stdout=subprocess.DEVNULL,
            )
    return missing(wanted)


def by_hand(names: Iterable[str]) -> str:
    """Return the command that installs `names` on Debian or Ubuntu."""
    return "sudo apt-get install " + " ".join(p for name in names for p in PACKAGES[name])


@contextmanager
def _nothing_starts(prefix: Sequence[str]) -> Iterator[None]:
    """Keep packages from starting their services, which would take ports and memory.

    Tests start the programs themselves. The file is Debian's way to forbid the start; a machine
    that already has the file keeps it unchanged.
    """
    if POLICY.exists():
        yield
        return
    said = "#!/bin/sh\nexit 101\n"
    command = [*prefix, "tee", str(POLICY)]
    subprocess.run(command, input=said, text=True, check=False, stdout=subprocess.DEVNULL)
    subprocess.run([*prefix, "chmod", "755", str(POLICY)], check=False)
    try:
        yield
    finally:
        subprocess.run([*prefix, "rm", "-f", str(POLICY)], check=False)


def _which(*names: str) -> Path | None:
    found = next(filter(None, map(shutil.which, names)), None)
    return Path(found) if found else None


def _as_root() -> tuple[str, ...] | None:
    if os.geteuid() == 0:
        return ()
    allowed = shutil.which("sudo") and subprocess.run(
        ["sudo", "-n", "true"], check=False, capture_output=True
    )
    return ("sudo", "-n") if allowed and allowed.returncode == 0 else None
