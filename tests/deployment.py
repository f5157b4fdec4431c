"""Readroom as people meet it: real processes behind an address, in both deployments.

`embedded` is what `make run` starts. `served` takes every service's command and environment from docker-compose.yml
and starts the same processes by hand on a real PostgreSQL and a real Redis.
"""

import os
import re
import secrets
import signal
import sqlite3
import subprocess
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import redis

from deploy.launch import answers, welcome
from deploy.supervisor import Service, stop, tend
from tests import compose
from tests.servers import free_port, postgres, redis_server, wait_until

ROOT = Path(__file__).resolve().parents[1]
#: What a shell or a container would know by itself; the settings under test stay out of it.
OF_THIS_MACHINE = {name: os.environ[name] for name in ("PATH", "READROOM_WEIGHTS") if name in os.environ}
LASTING = ("web", "housekeeping", "delivery", "sharing", "worker", "listener", "watcher")


class Visitor:
    """Somebody with a browser's session: signs in, uploads, opens pages."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=60, follow_redirects=True)

    def sign_in(self, *, name: str, password: str) -> None:
        """Sign in as a person does: by the form."""
        self.http.get("/sign-in/").raise_for_status()
        signed_in = self.post("/sign-in/", {"username": name, "password": password})
        if "sessionid" not in self.http.cookies:
            raise PermissionError(f"{name} could not sign in: {signed_in.status_code}")

    def post(self, path: str, fields: dict[str, str], **more: Any) -> httpx.Response:
        """Send a form, with the token that keeps other sites from doing so."""
        token = {"X-CSRFToken": self.http.cookies["csrftoken"]}
        answer = self.http.post(path, data=fields, headers=token, **more)
        answer.raise_for_status()
        return answer

    def upload(self, name: str, content: bytes) -> list[dict[str, str]]:
        """Upload one file; return what was filed (name, status, reason, study, series)."""
        filed: list[dict[str, str]] = self.post(
            "/api/uploads/", {"name": name}, files={"file": (name, content)}
        ).json()["files"]
        return filed


class Deployment(ABC):
    """A running Readroom, its data folder, and the hands to hurt it with."""

    name: str
    dicom_port: int

    def __init__(self, *, url: str, data: Path, accounts: dict[str, tuple[str, str]]) -> None:
        self.url = url
        self.data = data
        self.accounts = accounts
        self._visitors: list[Visitor] = []

    def close(self) -> None:
        """Let everybody go who was let in."""
        for visitor in self._visitors:
            visitor.http.close()

    def visitor(self, role: str = "clinician") -> Visitor:
        """Return a signed-in demo user (clinician or admin)."""
        name, password = self.accounts[role]
        visitor = Visitor(self.url)
        self._visitors.append(visitor)
        visitor.sign_in(name=name, password=password)
        return visitor

    @abstractmethod
    def rows(self, question: str) -> list[tuple[Any, ...]]:
        """Ask the database directly, past all of our own code."""

    @abstractmethod
    def leaders(self) -> dict[str, psutil.Process]:
        """Return the process of each service by name."""

    @abstractmethod
    def empty_queue(self) -> None:
        """Lose everything that waits in the queue."""

    def family(self, service: str) -> list[psutil.Process]:
        """Return a service's process and all its children."""
        leader = wait_until(lambda: self.leaders().get(service), what=f"the {service} to run")
        assert leader is not None
        return [leader, *leader.children(recursive=True)]

    def kill(self, service: str) -> None:
        """End a service's process and its children at once, with no chance to tidy up."""
        kill(self.family(service))


def kill(family: list[psutil.Process]) -> None:
    """End processes at once; a child may go with its parent before its turn comes."""
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(family, timeout=10)


def words_of(process: psutil.Process) -> list[str]:
    """Return a process's command, nothing for one that has ended."""
    try:
        words: list[str] = process.cmdline()
    except psutil.NoSuchProcess:  # a zombie is one of them
        return []
    return words


@contextmanager
def held(deployment: Deployment, service: str) -> Iterator[None]:
    """Hold a service and its children still for the length of the block."""
    family = deployment.family(service)
    for process in family:
        process.suspend()
    try:
        yield
    finally:
        for process in family:
            process.resume()


class Embedded(Deployment):
    """One machine, no server: SQLite, a queue in a folder."""

    name = "embedded"
    launcher: psutil.Process

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        """Ask the SQLite file."""
        with closing(sqlite3.connect(f"file:{self.data / 'db.sqlite3'}?mode=ro", uri=True, timeout=30)) as database:
            return database.execute(question).fetchall()

    def leaders(self) -> dict[str, psutil.Process]:
        """Return the launcher's children."""
        marks = {
            "web": "gunicorn",
            "housekeeping": "work",
            "worker": "celery",
            "listener": "listen",
        }
        children = [(child, words_of(child)) for child in self.launcher.children()]
        return {name: child for name, mark in marks.items() for child, words in children if mark in words}

    def empty_queue(self) -> None:
        """Remove the queue's files."""
        for file in (self.data / "queue").rglob("*"):
            if file.is_file():
                file.unlink(missing_ok=True)


class Served(Deployment):
    """The compose file's processes on PostgreSQL and Redis."""

    name = "served"
    database_url: str
    broker_url: str
    services: list[Service]
    #: Each service of the compose file, moved to this machine's addresses.
    wanted: dict[str, dict[str, Any]]

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        """Ask PostgreSQL."""
        with psycopg.connect(self.database_url) as database:
            return database.execute(question.encode()).fetchall()

    def leaders(self) -> dict[str, psutil.Process]:
        """Return the supervised processes."""
        started = {service.name: service.process for service in self.services}
        running = {name: process.pid for name, process in started.items() if process is not None}
        return {name: psutil.Process(number) for name, number in running.items() if psutil.pid_exists(number)}

    def is_healthy(self, service: str) -> bool:
        """Run the compose file's own health check of a service."""
        kind, *words = self.wanted[service]["healthcheck"]["test"]
        command = ["sh", "-c", *words] if kind == "CMD-SHELL" else by_hand(words)
        environment = self.wanted[service]["environment"]
        return (
            subprocess.run(command, cwd=ROOT, env=environment, check=False, stderr=subprocess.DEVNULL).returncode == 0
        )

    def empty_queue(self) -> None:
        """Flush Redis."""
        with redis.Redis.from_url(self.broker_url) as client:
            client.flushall()


def accounts_told(text: str) -> dict[str, tuple[str, str]]:
    """Return role -> (name, password) from the launcher's welcome."""
    told = re.findall(r"demo (\w+): user name (\S+), password (\S+)", text)
    return {role: (name, password) for role, name, password in told}


@contextmanager
def launched(*, data: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """Run the launcher of `make run`; interrupt it at the end, as Ctrl-C does."""
    command = [sys.executable, "-m", "deploy.launch", "--port", str(port), "--data", str(data)]
    with subprocess.Popen(
        command, cwd=ROOT, env=OF_THIS_MACHINE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as launcher:
        try:
            yield launcher
        finally:
            if launcher.poll() is None:
                launcher.send_signal(signal.SIGINT)
                launcher.communicate(timeout=60)


def told_until_ready(launcher: subprocess.Popen[str]) -> str:
    """Return what the launcher prints until it is ready."""
    assert launcher.stdout is not None
    told = ""
    for line in launcher.stdout:
        told += line
        if "Ctrl-C" in line:
            return told
    raise RuntimeError(f"The launcher ended: {told}")


@contextmanager
def embedded(*, data: Path) -> Iterator[Embedded]:
    """Run the embedded deployment over a data folder."""
    port = free_port()
    with launched(data=data, port=port) as launcher:
        told = told_until_ready(launcher)
        deployment = Embedded(url=f"http://127.0.0.1:{port}", data=data, accounts=accounts_told(told))
        deployment.dicom_port = int(re.findall(r"DICOM: send to READROOM, port (\d+)", told)[0])
        deployment.launcher = psutil.Process(launcher.pid)
        with closing(deployment):
            yield deployment


def by_hand(command: list[str]) -> tuple[str, ...]:
    """Return a container's command with the programs of this environment."""
    return (str(Path(sys.executable).with_name(command[0])), *command[1:])


def moved(value: Any, elsewhere: dict[str, str]) -> Any:
    """Return a part of the compose file with the containers' addresses replaced by this machine's."""
    if isinstance(value, dict):
        return {key: moved(item, elsewhere) for key, item in value.items()}
    if isinstance(value, list):
        return [moved(item, elsewhere) for item in value]
    for theirs, ours in elsewhere.items() if isinstance(value, str) else ():
        value = value.replace(theirs, ours)
    return value


@contextmanager
def kept_running(services: list[Service]) -> Iterator[None]:
    """Tend the services from a thread, which is what `restart: always` promises."""
    over = threading.Event()

    def keep_running() -> None:
        while not over.is_set():
            tend(services, say=print)
            over.wait(0.2)
        stop(services)

    thread = threading.Thread(target=keep_running)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def servers(wanted: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Run the compose file's database and queue; yield their addresses here."""
    names = wanted["db"]["environment"]
    with (
        redis_server(
            command=wanted["redis"]["command"], password=wanted["redis"]["environment"]["REDISCLI_AUTH"]
        ) as queue,
        postgres(user=names["POSTGRES_USER"], password=names["POSTGRES_PASSWORD"]) as database,
    ):
        yield database, queue


def filled_in_compose() -> dict[str, dict[str, Any]]:
    """Return the compose file's services with every secret set."""
    secret = {name: secrets.token_hex(12) for name in ("POSTGRES_PASSWORD", "REDIS_PASSWORD")}
    chosen = {"READROOM_SECRET_KEY": secrets.token_urlsafe(64), "READROOM_ALLOWED_HOSTS": "localhost"}
    # No proxy ends TLS in front of this one.
    return compose.services({**secret, **chosen, "READROOM_HTTPS": "0", "READROOM_DICOM_CALLERS": "*@127.0.0.1"})


@contextmanager
def served(*, data: Path) -> Iterator[Served]:
    """Run the compose file's services by hand."""
    wanted = filled_in_compose()
    port = free_port()
    incoming = data / "incoming"
    incoming.mkdir()
    with servers(wanted) as (database, queue):
        told = wanted["web"]["environment"]
        elsewhere = {
            told["DATABASE_URL"]: database,
            told["READROOM_BROKER_URL"]: queue,
            "/var/lib/readroom": str(data),
            "/var/spool/readroom": str(incoming),
            "0.0.0.0:8000": f"127.0.0.1:{port}",
            "127.0.0.1:8000": f"127.0.0.1:{port}",
        }
        ours = moved(wanted, elsewhere)
        for service in ours.values():
            service["environment"] |= OF_THIS_MACHINE | {"READROOM_STATIC": str(data / "static")}
        ours["listener"]["environment"] |= {
            "READROOM_DICOM_PORT": str(free_port()),
            "READROOM_DICOM_ADDRESS": "127.0.0.1",
        }
        run_once(ours["migrate"]["command"], ours["migrate"]["environment"])
        # What the web image does while it is built.
        run_once(["python", "manage.py", "collectstatic", "--no-input"], ours["web"]["environment"])
        made = run_once(["python", "manage.py", "demo_users"], ours["web"]["environment"])
        accounts = accounts_told(welcome(port=port, accounts=made, environment=ours["web"]["environment"]))
        deployment = Served(url=f"http://127.0.0.1:{port}", data=data, accounts=accounts)
        deployment.dicom_port = int(ours["listener"]["environment"]["READROOM_DICOM_PORT"])
        deployment.database_url, deployment.broker_url, deployment.wanted = database, queue, ours
        logs = data / "logs"
        logs.mkdir()
        deployment.services = [
            Service(name, by_hand(ours[name]["command"]), ours[name]["environment"], logs / f"{name}.log")
            for name in LASTING
        ]
        with kept_running(deployment.services), closing(deployment):
            wait_until(lambda: answers(port), what="the web server to answer")
            yield deployment


def run_once(command: list[str], environment: dict[str, str]) -> str:
    """Run a command to its end in a service's environment; return what it printed."""
    words = by_hand(command)
    return subprocess.run(words, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
