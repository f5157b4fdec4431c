"""The searches for settings: every trial, the best first."""

import json

from ml.lab.report.collect import SEARCH, Gathered
from ml.lab.report.lines import searched_drawn
from ml.lab.report.page import Page
from ml.lab.report.prose import words_added
from ml.lab.report.runs import Search


def search_page(told: Gathered) -> Page:
    """The page of all searches; one that did not run is told as such, with its command."""
    page = Page(SEARCH, "Search for settings")
    words_added(page, told)
    for search in told.searches:
        page.heading(f"{search.name} search")
        declared = search.declared
        page.words(
            f"{declared.get('trials', 'All')} trials over `{declared.get('of', 'its own network')}`, made by"
            f" `{search.command}`. Scores are of the validation split; a choice among trials is not a test."
        )
        choices = declared.get("choices", {})
        page.table(("setting", "choices"), [[name, json.dumps(values)] for name, values in choices.items()])
        _trials_added(page, search)
    return page


def _trials_added(page: Page, search: Search) -> None:
    if not search.trials:
        page.words("Not run yet.")
        return
    header = list(search.trials[0])
    trials = search.trials
    if "score" in header:
        trials = sorted(trials, key=lambda trial: -float(trial["score"] or "nan"))
        tried = sorted(search.trials, key=lambda trial: int(trial.get("trial", 0)))
        scores = [float(trial["score"]) for trial in tried if trial["score"]]
        page.drawing(search.name, searched_drawn(scores), told=f"Score of each trial of the {search.name} search.")
    page.heading(f"Trials of the {search.name} search", level=3)
    page.table(header, [[trial[name] for name in header] for trial in trials])
