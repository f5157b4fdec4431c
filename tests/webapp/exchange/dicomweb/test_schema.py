"""The description of all addresses for programs."""

from pathlib import Path

import pytest
import yaml
from django.core.management import call_command
from django.test import Client

from tests.webapp.exchange.dicomweb.conftest import Sender

pytestmark = pytest.mark.sqlite


def test_the_description_is_sound_and_lists_every_address(sender: Sender, tmp_path: Path) -> None:
    call_command("spectacular", "--fail-on-warn", "--validate", "--file", str(tmp_path / "schema.yml"))
    paths = yaml.safe_load((tmp_path / "schema.yml").read_text())["paths"]
    instance = "/dicomweb/studies/{study}/series/{series}/instances/{instance}"
    assert {"/api/uploads/", "/dicomweb/studies", instance, f"{instance}/frames/{{frames}}"} <= set(paths)
    assert set(paths["/dicomweb/studies"]) == {"get", "post"}
    assert len([path for path in paths if path.startswith("/dicomweb/")]) == 23
    served = sender.browser.get("/api/schema/")
    assert set(yaml.safe_load(served.content)["paths"]) == set(paths)
    assert Client().get("/api/schema/").status_code == 401
