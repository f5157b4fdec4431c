"""How numbers, sizes and durations are written on a page, and how a state looks."""

from dataclasses import dataclass

#: Between a number and its sign: narrow, and never a line's end.
NARROW = "\N{NARROW NO-BREAK SPACE}"


@dataclass(frozen=True)
class Look:
    """How something is shown: a word, the icon of that name, and what it means."""

    word: str
    icon: str
    meaning: str


def percent(probability: float | None) -> str:
    """Return a probability as whole percent; never a 0 % or 100 % that nobody can promise."""
    if probability is None:
        return ""
    if probability < 0.01:
        return f"under 1{NARROW}%"
    return f"over 99{NARROW}%" if probability > 0.99 else f"{100 * probability:.0f}{NARROW}%"


def format_range(low: float | None, high: float | None, views: int | None) -> str:
    """Return how far a probability moved over so many looks: "60 to 81% over 5 views"."""
    if low is None or high is None or not views:
        return ""
    least, most = percent(low), percent(high)
    if least == most:
        return f"{least} in all {views} views"
    # The sign stands once where both are plain numbers.
    shared = least.removesuffix(f"{NARROW}%") if least[0].isdigit() and most[0].isdigit() else least
    return f"{shared} to {most} over {views} views"


def milliseconds(ms: float | None) -> str:
    """Return a duration as a reader takes it in."""
    if ms is None:
        return ""
    if ms < 10:
        return f"{ms:.1f} ms"
    return f"{ms:.0f} ms" if ms < 10_000 else f"{ms / 1000:.1f} s"


def format_file_size(size: int) -> str:
    """Return how large a file is."""
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.1f} kB"
