"""What the environment says: read in one place, refused in plain words when it makes no sense."""

import os
import secrets
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from celery.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent


def text(name: str, *, default: str) -> str:
    """Return an environment variable, or `default` where it is absent or empty."""
    return os.environ.get(name) or default


def words(name: str, *, default: str) -> list[str]:
    """Return a comma-separated environment variable as a list without empty words."""
    return [word.strip() for word in text(name, default=default).split(",") if word.strip()]


def flag(name: str) -> bool:
    """Return whether an environment variable is set to 1.

    Raises
    ------
    ImproperlyConfigured
        If it is set to anything but 0 or 1: a mistyped "true" must not switch security off.
    """
    value = text(name, default="0")
    if value not in {"0", "1"}:
        raise ImproperlyConfigured(f"{name} must be 0 or 1, not {value!r}.")
    return value == "1"


def whole_number(name: str, *, default: int, least: int = 0, most: int) -> int:
    """Return an environment variable as a number.

    Raises
    ------
    ImproperlyConfigured
        If it is no whole number from `least` to `most`.
    """
    value = text(name, default=str(default))
    if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
        raise ImproperlyConfigured(f"{name} must be a number from {least} to {most}, not {value!r}.")
    return int(value)


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Return an environment variable as networks, such as 10.1.0.0/16, comma-separated.

    Raises
    ------
    ImproperlyConfigured
        If one of them is none.
    """
    try:
        return [ip_network(word) for word in words(name, default="")]
    except ValueError as wrong:
        raise ImproperlyConfigured(f"{name} must name networks such as 10.1.0.0/16: {wrong}.") from wrong


def made(folder: Path) -> Path:
    """Return `folder`, made when it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def data_folder() -> Path:
    """Return the folder that holds everything Readroom keeps (READROOM_DATA, else `data`)."""
    return _data_folder(text("READROOM_DATA", default=str(ROOT / "data")))


@cache
def _data_folder(named: str) -> Path:
    # Asked for with every path of every file; resolved and made once.
    return made(Path(named).resolve())


def weights_folder() -> Path:
    """Return the folder of model files (READROOM_WEIGHTS, else `weights`)."""
    return Path(text("READROOM_WEIGHTS", default=str(ROOT / "weights"))).resolve()


def device() -> str:
    """Return where the networks run: auto, cpu or cuda (READROOM_DEVICE)."""
    value = text("READROOM_DEVICE", default="auto")
    if value not in {"auto", "cpu", "cuda"}:
        raise ImproperlyConfigured(f"READROOM_DEVICE must be auto, cpu or cuda, not {value!r}.")
    return value


def secret_key() -> str:
    """Return the signing key: READROOM_SECRET_KEY, else one made once in the data folder (mode 600)."""
    if given := os.environ.get("READROOM_SECRET_KEY"):
        return given
    file = data_folder() / "secret.key"
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text()
    with os.fdopen(handle, "w") as out:
        out.write(secrets.token_urlsafe(64))
    return file.read_text()


def broker_url() -> str:
    """Return the queue's address; `filesystem://` means the embedded queue in the data folder."""
    return text("READROOM_BROKER_URL", default="filesystem://")
