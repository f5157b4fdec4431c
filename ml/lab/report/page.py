"""A page of the report while it is written: Markdown blocks, and the drawings beside them."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Page:
    """One topic.

    Attributes
    ----------
    slug
        File name without its ending.
    drawings
        SVG text by file name.
    unwritten
        What a person has still to write, told by ``--check``.
    """

    slug: str
    title: str
    blocks: list[str] = field(default_factory=list)
    drawings: dict[str, str] = field(default_factory=dict)
    unwritten: list[str] = field(default_factory=list)

    def heading(self, text: str, *, level: int = 2) -> None:
        """Add a heading."""
        self.blocks.append(f"{'#' * level} {text}")

    def words(self, *sentences: str) -> None:
        """Add a paragraph; empty sentences are left out."""
        if said := [sentence for sentence in sentences if sentence]:
            self.blocks.append(" ".join(said))

    def listed(self, items: Sequence[str]) -> None:
        """Add a list."""
        if items:
            self.blocks.append("\n".join(f"- {item}" for item in items))

    def commands(self, lines: Sequence[str]) -> None:
        """Add commands, one a line."""
        self.blocks.append("\n".join(["```sh", *lines, "```"]))

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a table; a pipe in a cell is written as text."""
        lines = [_line(header), "|" + "---|" * len(header), *(_line(row) for row in rows)]
        self.blocks.append("\n".join(lines))

    def drawing(self, name: str, svg: str, *, told: str) -> None:
        """Add a drawing.

        Parameters
        ----------
        told
            What it shows, for those who do not see it.
        """
        file = f"{self.slug}-{name}.svg"
        self.drawings[file] = svg
        self.blocks.append(f"![{told.replace('[', '(').replace(']', ')')}](plots/{file})")

    def picture(self, file: str, *, told: str) -> None:
        """Add a picture that is copied beside the pages."""
        self.blocks.append(f"![{told}](pictures/{file})")

    def markdown(self) -> str:
        """The page as Markdown."""
        return "\n\n".join([f"# {self.title}", *self.blocks]) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
