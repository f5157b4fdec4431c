"""The floors of docs/decisions/0047 stand: apps import only from below, and none imports one that imports it."""

import tomllib
from pathlib import Path

import grimp
import pytest

from tests.architecture.walls import ROOT, broken_by, broken_in

WEB = ROOT / "webapp"
FLOORS = ("administration", "exchange", "reading", "imaging", "foundation")
BETWEEN = "Floors of the web import only from those below"


@pytest.mark.parametrize(
    ("where", "breach", "contract"),
    [
        ("foundation/core", "import webapp.imaging.archive.models", BETWEEN),
        ("imaging/archive", "import webapp.reading.reviews.blinding", BETWEEN),
        ("reading/worklist", "from webapp.exchange.routing import models", BETWEEN),
        ("exchange/routing", "import webapp.administration.operations", BETWEEN),
        ("administration/operations", "import webapp.web.navigation", BETWEEN),
        ("web", "import webapp.urls", BETWEEN),
        ("foundation/core", "import webapp.settings", BETWEEN),
        ("foundation/core", "import webapp.foundation.audit.models", "Apps of the foundation"),
        ("foundation/audit", "from webapp.foundation.accounts.models import User", "Apps of the foundation"),
        ("imaging/archive", "import webapp.imaging.inference.models", "Apps of the imaging"),
        ("imaging/inference", "import webapp.imaging.annotations.models", "Apps of the imaging"),
        ("reading/worklist", "import webapp.reading.reviews.models", "Apps of the reading"),
        ("reading/reviews", "import webapp.reading.study_page.selectors", "Apps of the reading"),
        ("reading/study_page", "import webapp.reading.reporting.selectors", "Apps of the reading"),
        ("reading/handover", "import webapp.reading.reporting.models", "Apps of the reading"),
        ("exchange/dicom_scp", "import webapp.exchange.routing.models", "Apps of the exchange"),
        ("exchange/fhir", "import webapp.exchange.webhooks.models", "Apps of the exchange"),
        ("administration/model_cards", "import webapp.administration.monitoring.views", "Apps of the administration"),
        ("administration/operations", "import webapp.administration.audit_log.views", "Apps of the administration"),
    ],
)
def test_an_import_from_above_is_noticed(copy_of_rooms: Path, where: str, breach: str, contract: str) -> None:
    # An import from above may reach further ones, and so break the order within a floor too.
    assert contract in broken_by(breach, where=copy_of_rooms / "webapp" / where)


def test_an_app_without_a_place_on_its_floor_is_noticed(copy_of_rooms: Path) -> None:
    app = copy_of_rooms / "webapp" / "reading" / "intruder"
    app.mkdir()
    (app / "__init__.py").touch()
    try:
        assert broken_in(copy_of_rooms) == ["Apps of the reading"]
    finally:
        (app / "__init__.py").unlink()
        app.rmdir()


def test_whatever_lies_in_webapp_is_in_the_contract() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["name"] == BETWEEN)
    modules = {path.stem for path in WEB.glob("*.py") if path.stem != "__init__"}
    packages = {path.parent.name for path in WEB.glob("*/__init__.py")}
    assert {name for layer in layers for name in layer.split(" | ")} == modules | packages


def test_no_two_apps_import_each_other() -> None:
    graph = grimp.build_graph("webapp", cache_dir=None)
    apps = [f"webapp.{floor}.{path.parent.name}" for floor in FLOORS for path in (WEB / floor).glob("*/__init__.py")]
    of_app = {module: app for app in apps for module in (app, *graph.find_descendants(app))}
    arrows = {
        (of_app[module], of_app[imported])
        for module in of_app
        for imported in graph.find_modules_directly_imported_by(module) & of_app.keys()
    }
    both_ways = {(one, other) for one, other in arrows if one < other and (other, one) in arrows}
    assert len(arrows) > len(apps)
    assert not both_ways
