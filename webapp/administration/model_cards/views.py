"""The list of models, a model's page, and its example pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from webapp.administration.model_cards.cards import model_cards
from webapp.administration.model_cards.facts import model_facts, report_of, threshold_rows
from webapp.administration.model_cards.figures import (
    format_heat_table,
    format_table,
    headline_figures,
    is_confusion,
    report_charts,
)
from webapp.administration.model_cards.pathway_position import pathway_graph
from webapp.foundation.accounts.permissions import Action
from webapp.imaging.archive.access import requires
from webapp.imaging.inference.cascade import load_cascade
from webapp.imaging.inference.cascade_graph import layout_graph
from workers import api

#: Example pictures are part of a release and hold no patient of this house.
CACHING = "private, max-age=3600"


@dataclass(frozen=True)
class Example:
    """An example picture and what it shows, as its file name says."""

    name: str
    words: str


@require_GET
@requires(Action.SEE)
def models(request: HttpRequest) -> HttpResponse:
    """Show the declared cascade and the list of models."""
    declared = load_cascade()
    cards = [] if declared.trouble else model_cards()
    told = {
        "declared": declared,
        "graph": layout_graph(declared.stages),
        "cards": [(card, format_reasons(declared.stages, card.model.name)) for card in cards],
    }
    return render(request, "model_cards/index.html", told)


@require_GET
@requires(Action.SEE)
def model(request: HttpRequest, name: str) -> HttpResponse:
    """Show one model: what it is for, how good it is and for whom, and where it stands."""
    declared = load_cascade()
    if declared.trouble:
        return render(request, "model_cards/page.html", {"name": name, "declared": declared})
    cards = model_cards()
    card = next((card for card in cards if card.model.name == name), None)
    if card is None:
        raise Http404
    sheet = api.model_sheet(name)
    report = report_of(sheet)
    told = {
        "name": name,
        "declared": declared,
        "cards": cards,
        "card": card,
        "sheet": sheet,
        "headline": headline_figures(report.headline) or card.figures,
        "tables": [format_table(table) for table in report.tables],
        "heats": [format_heat_table(title, rows) for title, rows in report.counts.items() if is_confusion(rows)],
        "others": [(title, rows) for title, rows in report.counts.items() if rows and not is_confusion(rows)],
        "charts": report_charts(report),
        "thresholds": threshold_rows(card.model, sheet),
        "facts": model_facts(card.model, sheet),
        "experimental": format_reasons(declared.stages, name),
        "graph": pathway_graph(declared.stages, name),
        "examples": [Example(picture, example_words(picture, card.model)) for picture in sheet.pictures],
    }
    return render(request, "model_cards/page.html", told)


@require_GET
@requires(Action.SEE)
def model_picture(request: HttpRequest, name: str, picture: str) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Serve an example picture by a name that the model's sheet lists; any other name is nothing."""
    try:
        found = api.model_picture(name, picture)
    except api.WeightsError:
        raise Http404 from None
    if found is None:
        raise Http404
    return HttpResponse(found.read_bytes(), content_type="image/png", headers={"Cache-Control": CACHING})


def format_reasons(stages: Sequence[api.DrawnStage], name: str) -> list[str]:
    """Return why pathways that a model serves are experimental, each reason once."""
    return list(dict.fromkeys(stage.experimental for stage in stages if stage.model == name and stage.experimental))


def example_words(picture: str, model: api.ListedModel) -> str:
    """Return what an example shows: ``tumour-detector-1-false-alarm.png`` is "False alarm"."""
    shown = picture.removesuffix(".png").removeprefix(f"{model.name}-{model.version}-")
    return shown.replace("-", " ").replace("_", " ").capitalize()
