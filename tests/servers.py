"""Real PostgreSQL and Redis servers on free ports, each in a folder of its own that goes away with it."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import psycopg
import redis
from psycopg import sql

T = TypeVar("T")
PATIENCE_SECONDS = 30.0


def free_port() -> int:
    """Return a port on the loopback address that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(answer: Callable[[], T], *, what: str, seconds: float = PATIENCE_SECONDS, every: float = 0.1) -> T:
    """Return the first true answer.

    Raises
    ------
    TimeoutError
        If there is none within `seconds`; the message says what was waited for.
    """
    deadline = time.monotonic() + seconds
    while not (found := answer()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited {seconds:.0f} s in vain for {what}.")
        time.sleep(every)
    return found


def program(name: str, *, package: str) -> str:
    """Return the path of a server's program; Debian keeps PostgreSQL's out of PATH.

    Raises
    ------
    FileNotFoundError
        If it is not installed: tests on real servers fail then, they are never skipped.
    """
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = str(debian[-1]) if debian else shutil.which(name)
    if not found:
        raise FileNotFoundError(f"{name} is missing: apt install {package}")
    return found


def as_postgres() -> list[str]:
    """Return the words that run a command as a user other than root, whom PostgreSQL refuses."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []


@contextmanager
def folder_for_postgres() -> Iterator[Path]:
    """Yield a new folder that the server's user owns."""
    with tempfile.TemporaryDirectory(prefix="readroom-postgres-") as name:
        if os.geteuid() == 0:
            shutil.chown(name, "postgres", "postgres")
        yield Path(name)


@contextmanager
def postgres(*, user: str = "readroom", password: str | None = None) -> Iterator[str]:
    """Run a PostgreSQL server and yield the address of an empty database that carries the user's name."""
    port, password = free_port(), password or secrets.token_hex(8)
    with folder_for_postgres() as folder:
        _make_cluster(folder / "data", user=user, password=password)
        # fsync off: these records live as long as the test. Everything else is as delivered.
        options = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        command = [*as_postgres(), program("postgres", package="postgresql"), "-D", str(folder / "data"), *words]
        address = f"postgres://{user}:{password}@127.0.0.1:{port}"
        with (folder / "log").open("wb") as log, running(command, log=log.fileno()):
            wait_until(lambda: _postgres_answers(f"{address}/postgres"), what="PostgreSQL to answer")
            with psycopg.connect(f"{address}/postgres", autocommit=True) as database:
                database.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(user)))
            yield f"{address}/{user}"


def _make_cluster(data: Path, *, user: str, password: str) -> None:
    secret = data.with_name("password")
    secret.write_text(password)
    initdb = [*as_postgres(), program("initdb", package="postgresql"), "-D", str(data)]
    settings = ["--auth=scram-sha-256", f"--username={user}", f"--pwfile={secret}", "--encoding=UTF8", "--no-sync"]
    subprocess.run([*initdb, *settings], check=True, stdout=subprocess.DEVNULL)


def _postgres_answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def redis_server(*, command: list[str] | None = None, password: str | None = None) -> Iterator[str]:
    """Run a Redis server that keeps nothing on disk and yield its address.

    Parameters
    ----------
    command
        The server's own command, from the compose file for instance; it then sets the password given beside it.
    password
        What clients must say; one is made up where it is absent.
    """
    port, password = free_port(), password or secrets.token_hex(8)
    options = (command or ["redis-server", "--requirepass", password, "--save", "", "--appendonly", "no"])[1:]
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    with tempfile.TemporaryDirectory(prefix="readroom-redis-") as folder:
        here = ["--port", str(port), "--bind", "127.0.0.1", "--dir", folder]
        words = [program("redis-server", package="redis-server"), *here, *options]
        with running(words, log=subprocess.DEVNULL):
            wait_until(lambda: _redis_answers(url), what="Redis to answer")
            yield url


def _redis_answers(url: str) -> bool:
    with redis.Redis.from_url(url) as client:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False


@contextmanager
def running(
    command: list[str], *, log: int, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server for the length of the block; one with an environment of its own runs in the checkout."""
    folder = Path(__file__).resolve().parents[1] if environment else Path("/")
    with subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder, env=environment) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
