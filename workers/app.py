"""The Celery application: one queue, and nothing in a message but a run's id and its attempt."""

from typing import Any

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

from workers import configuration

QUEUE = "analysis"
# The folder is read when a bell rings, not fifty times a second.
TRANSPORT_ALIASES["filesystem"] = "workers.folder_queue:Transport"
#: A run that takes longer is ended by the pool; the sweeper then tries again or quarantines.
HARD_LIMIT_SECONDS = 600


def _folder_transport() -> dict[str, Any]:
    """Return options for the embedded queue: files in a folder (`workers.folder_queue`)."""
    folder = configuration.data_folder() / "queue"
    messages = str(configuration.made(folder / "messages"))
    return {
        "data_folder_in": messages,
        "data_folder_out": messages,
        "control_folder": str(configuration.made(folder / "control")),
    }


def app_make() -> Celery:
    """Return the application as the environment asks for it."""
    broker = configuration.broker_url()
    app = Celery("readroom", broker=broker, include=["workers.tasks"])
    app.conf.update(
        task_default_queue=QUEUE,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        task_time_limit=HARD_LIMIT_SECONDS,
        worker_prefetch_multiplier=1,
        worker_proc_alive_timeout=60,  # a child loads its networks before it says that it is up
        worker_enable_remote_control=False,
        worker_max_tasks_per_child=2000,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_connection_timeout=2,
        broker_transport_options=_folder_transport()
        if broker.startswith("filesystem")
        else {"socket_connect_timeout": 2, "socket_timeout": 5, "visibility_timeout": 3600},
    )
    return app


app = app_make()
