"""The report's pages as HTML, from the same Markdown: the style within, and the drawings of the topics too."""

import base64
import html
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

HERE = Path(__file__).resolve().parent
_NUMBER = re.compile(r"[-\d][\d.,%]*( to [\d.-]+| MB| min| h)?|-")
_CARD = re.compile(r"(?:\.\./)*weights/([^/]+)\.md")


class PageRenderer(RendererHTML):
    """HTML of a page: headings can be linked to, tables scroll, links lead to HTML, drawings are within."""

    #: File name -> SVG text of the page that is rendered.
    drawings: Mapping[str, str] = {}

    def heading_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A heading with the name that GitHub gives it."""
        tokens[idx].attrSet("id", slug_of(tokens[idx + 1].content))
        return self.renderToken(tokens, idx, options, env)

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A table in a box of its own, that the keyboard reaches and that scrolls where it is too wide."""
        said = [tokens[at + 1].content for at in range(idx) if tokens[at].type == "heading_open"]
        label = html.escape(said[-1] if said else "Table", quote=True)
        box = f'<div class="scroll" role="region" tabindex="0" aria-label="{label}">'
        return box + self.renderToken(tokens, idx, options, env)

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """The end of the table and its box."""
        return self.renderToken(tokens, idx, options, env) + "</div>"

    def th_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A head cell says that it heads a column."""
        tokens[idx].attrSet("scope", "col")
        return self.renderToken(tokens, idx, options, env)

    def td_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A cell of numbers does not break its line."""
        if _NUMBER.fullmatch(tokens[idx + 1].content):
            tokens[idx].attrSet("class", "number")
        return self.renderToken(tokens, idx, options, env)

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A link to another page's HTML."""
        tokens[idx].attrSet("href", linked(str(tokens[idx].attrGet("href"))))
        return self.renderToken(tokens, idx, options, env)

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A drawing, within the page where it is one of its own."""
        name = str(tokens[idx].attrGet("src")).rpartition("/")[2]
        if name in self.drawings:
            inside = base64.b64encode(self.drawings[name].encode()).decode()
            tokens[idx].attrSet("src", f"data:image/svg+xml;base64,{inside}")
        return super().image(tokens, idx, options, env)


def html_of(markdown: str, *, drawings: Mapping[str, str], pages: Mapping[str, str], slug: str) -> str:
    """Render a page.

    Parameters
    ----------
    markdown
        Its first line is the title.
    drawings
        SVG text by file name, put into the page.
    pages
        Title by slug of the pages that every page links to.
    slug
        The page's own.
    """
    reader = MarkdownIt("commonmark", {"html": False}, renderer_cls=PageRenderer).enable("table")
    assert isinstance(reader.renderer, PageRenderer)
    reader.renderer.drawings = drawings
    links = [
        f'<li><a href="{html_name(name)}"{" aria-current=page" if name == slug else ""}>{html.escape(title)}</a></li>'
        for name, title in pages.items()
    ]
    return Template((HERE / "page.html").read_text(encoding="utf-8")).substitute(
        title=html.escape(markdown.partition("\n")[0].lstrip("# ")),
        style=(HERE / "page.css").read_text(encoding="utf-8").strip(),
        pages="\n".join(links),
        content=reader.render(markdown),
    )


def linked(address: str) -> str:
    """Where a link of the Markdown leads in the HTML: to the page's HTML, to a card's page among them."""
    if card := _CARD.fullmatch(address):
        return f"card-{card[1]}.html"
    path, mark, place = address.partition("#")
    local = not re.match(r"[a-z]+:", path) and path.endswith(".md") and "/" not in path
    return (html_name(path.removesuffix(".md")) if local else path) + mark + place


def html_name(slug: str) -> str:
    """File of a page; the first page is the one that a folder opens with."""
    return "index.html" if slug == "README" else f"{slug}.html"


def slug_of(heading: str) -> str:
    """The name by which GitHub links to a heading."""
    kept = re.sub(r"[^\w\- ]", "", heading.lower().replace("`", ""))
    return kept.strip().replace(" ", "-")
