"""Model cards as a person reads them: headline figures with n and interval, and the text of the card."""

from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from workers import api

#: Raw HTML in a card is shown as text, never run.
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
KINDS = {"classify": "Sorts", "detect": "Detects", "segment": "Outlines"}


@dataclass(frozen=True)
class Card:
    """One shipped model."""

    model: api.ListedModel
    kind: str
    figures: list["Figure"]
    text: SafeString

    @property
    def megabytes(self) -> str:
        """Size of its weights."""
        return f"{self.model.bytes / 1e6:.1f} MB"


@dataclass(frozen=True)
class Figure:
    """One measured figure."""

    name: str
    value: str
    n: str
    interval: str


def model_cards() -> list[Card]:
    """Return the shipped models."""
    return [
        Card(
            model=model,
            kind=KINDS.get(model.kind, model.kind),
            figures=[figure_told(name, value) for name, value in model.metrics.items()],
            # markdown-it escapes what a card says; with html off it makes nothing but its own tags.
            text=mark_safe(card_rendered(model.card)),  # noqa: S308
        )
        for model in api.models_listed()
    ]


def card_rendered(text: str) -> str:
    """Return a card's Markdown as HTML, its headings below those of the page."""
    tokens = MARKDOWN.parse(text)
    for token in tokens:
        if token.type.startswith("heading_"):
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"
    html: str = MARKDOWN.renderer.render(tokens, MARKDOWN.options, {})
    return html


def figure_told(name: str, measured: object) -> Figure:
    """Return one entry of a manifest's metrics in words: {"value", "n", "low", "high"} (a 95% interval)."""
    entry = measured if isinstance(measured, dict) else {"value": measured}
    ends = [number_told(entry[end]) for end in ("low", "high") if end in entry]
    return Figure(
        name=name.replace("_", " "),
        value=number_told(entry.get("value")),
        n=f"n = {entry['n']}" if "n" in entry else "",
        interval=" to ".join(ends),
    )


def number_told(value: object) -> str:
    """Return a figure with three digits where it is a fraction."""
    return f"{value:.3f}" if isinstance(value, float) else str(value)
