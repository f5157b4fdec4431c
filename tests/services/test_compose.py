"""The compose file's processes do the whole job, and its health checks tell well from ill."""

import pytest

from tests.deployment import LASTING, Served, moved
from tests.servers import free_port, wait_until
from tests.services.runs import assert_each_finished_once, uploaded, wait_until_done

pytestmark = pytest.mark.parametrize("deployment", ["served"], indirect=True)


def test_a_picture_goes_in_and_an_answer_comes_out(deployment: Served) -> None:
    studies = uploaded(deployment.visitor(), how_many=1)
    wait_until_done(deployment, studies)
    assert_each_finished_once(deployment, studies)


@pytest.mark.parametrize("service", LASTING)
def test_a_running_service_is_healthy(deployment: Served, service: str) -> None:
    wait_until(lambda: deployment.is_healthy(service), what=f"{service} to be healthy")


@pytest.mark.parametrize("service", ["web", "worker", "listener"])
def test_a_service_that_reaches_nothing_is_ill(deployment: Served, service: str) -> None:
    everything = deployment.wanted
    addresses = {address.rsplit("@")[-1] for address in (deployment.url.partition("//")[2], deployment.broker_url)}
    nobody_there = {address.removesuffix("/0"): f"127.0.0.1:{free_port()}" for address in addresses}
    nobody_there |= {everything["listener"]["environment"]["READROOM_DICOM_PORT"]: str(free_port())}
    deployment.wanted = moved(everything, nobody_there)
    try:
        assert not deployment.is_healthy(service)
    finally:
        deployment.wanted = everything
