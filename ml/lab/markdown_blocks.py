"""Places in a Markdown file that a command fills, between two marks that no reader sees."""

from collections.abc import Sequence


def marks(name: str) -> tuple[str, str]:
    """Return the marks around a block: CommonMark link definitions, which show as nothing."""
    return f"[//]: # ({name}: begin)", f"[//]: # ({name}: end)"


def block_read(text: str, name: str) -> str | None:
    """Return what stands in a block, without its blank edges; None where the text has no such block."""
    begin, end = marks(name)
    _, begun, rest = text.partition(begin)
    body, ended, _ = rest.partition(end)
    return body.strip() if begun and ended else None


def block_filled(text: str, name: str, body: str) -> str:
    """Return the text with a block's content replaced.

    Raises
    ------
    ValueError
        If the text has no such block.
    """
    if block_read(text, name) is None:
        raise ValueError(f"there is no place for {name}")
    begin, end = marks(name)
    before, _, rest = text.partition(begin)
    # Blank lines keep the marks apart from a table, which would swallow them.
    return f"{before}{begin}\n\n{body.strip()}\n\n{end}{rest.partition(end)[2]}"


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a Markdown table; a pipe in a cell is told as a slash."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines)
