"""Whatever is lost on the way, every run is finished exactly once within half a minute (trust: the job core)."""

import pytest

from tests.deployment import Deployment, held, kill
from tests.services.runs import (
    RECOVERY_SECONDS,
    assert_each_finished_once,
    assert_one_was,
    catch_in_mid_run,
    uploaded,
    uploaded_long,
    wait_until_all_are,
    wait_until_done,
)

LOAD = 8


@pytest.mark.parametrize("whom", ["the worker and its child", "the child alone"])
def test_a_worker_killed_in_mid_run(deployment: Deployment, whom: str) -> None:
    visitor = deployment.visitor()
    long = uploaded_long(visitor)
    studies = long | uploaded(visitor, how_many=LOAD)
    catch_in_mid_run(deployment, long)
    parent, *children = deployment.family("worker")
    kill([*children, *([parent] if whom == "the worker and its child" else [])])
    if parent.is_running():
        parent.resume()
    wait_until_done(deployment, studies, seconds=RECOVERY_SECONDS)
    assert_one_was(deployment, studies, "lose")
    assert_each_finished_once(deployment, studies)


def test_a_queue_emptied_under_load(deployment: Deployment) -> None:
    visitor = deployment.visitor()
    with held(deployment, "worker"):  # so that the bells hang in the queue when it is emptied
        studies = uploaded(visitor, how_many=LOAD // 2)
        wait_until_all_are(deployment, studies, "rung")
        deployment.empty_queue()
    studies |= uploaded(visitor, how_many=LOAD // 2)
    deployment.empty_queue()
    wait_until_done(deployment, studies, seconds=RECOVERY_SECONDS)
    assert_one_was(deployment, studies, "ring_again")
    assert_each_finished_once(deployment, studies)


def test_housekeeping_and_worker_killed_together(deployment: Deployment) -> None:
    visitor = deployment.visitor()
    long = uploaded_long(visitor)
    studies = long | uploaded(visitor, how_many=LOAD)
    catch_in_mid_run(deployment, long)
    deployment.kill("housekeeping")
    deployment.kill("worker")
    wait_until_done(deployment, studies, seconds=RECOVERY_SECONDS)
    assert_one_was(deployment, studies, "lose")
    assert_each_finished_once(deployment, studies)
