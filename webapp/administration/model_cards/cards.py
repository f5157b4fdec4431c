"""Model cards as a person reads them: headline figures with n and interval, and the text of the card."""

from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from webapp.administration.model_cards.figures import Told, headline_figures
from webapp.imaging.inference.presenters import format_file_size
from workers import api

#: Raw HTML in a card is shown as text, never run.
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
#: Between these marks a card holds the report's tables; its page draws them from the report itself.
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
KINDS = {"classify": "Sorts", "detect": "Detects", "segment": "Outlines", "measure": "Measures"}


@dataclass(frozen=True)
class Card:
    """One shipped model."""

    model: api.ListedModel
    kind: str
    figures: list[Told]

    @property
    def size(self) -> str:
        """Size of its weights."""
        return format_file_size(self.model.bytes)

    @property
    def text(self) -> SafeString:
        """The card without the report's tables, which its page draws."""
        before, _, rest = self.model.card.partition(BEGIN)
        return rendered(before + rest.partition(END)[2])

    @property
    def whole(self) -> SafeString:
        """The card with its tables, for a model whose report is not at hand."""
        return rendered(self.model.card.replace(BEGIN, "").replace(END, ""))


def model_cards() -> list[Card]:
    """Return the shipped models."""
    return [
        Card(
            model=model,
            kind=KINDS.get(model.kind, model.kind),
            figures=headline_figures(
                {name: figure for name, value in model.metrics.items() if (figure := figure_kept(value)) is not None}
            ),
        )
        for model in api.models_listed()
    ]


def rendered(text: str) -> SafeString:
    """Return a card's Markdown as HTML, its headings below those of the page, its tables' heads marked as such."""
    tokens = MARKDOWN.parse(text)
    for token in tokens:
        if token.type.startswith("heading_"):
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"
        if token.type == "th_open":
            token.attrSet("scope", "col")
    html: str = MARKDOWN.renderer.render(tokens, MARKDOWN.options, {})
    # markdown-it escapes what a card says; with html off it makes nothing but its own tags.
    return mark_safe(html)  # noqa: S308


def figure_kept(measured: object) -> api.KeptFigure | None:
    """Return an entry of a manifest's metrics, {"value", "n", "low", "high"}; None where it is another thing."""
    if not isinstance(measured, dict) or measured.get("value") is None:
        return None
    unknown = float("nan")
    ends = {end: unknown if measured.get(end) is None else measured[end] for end in ("low", "high")}
    return api.KeptFigure(value=measured["value"], n=measured.get("n", 0), **ends)
