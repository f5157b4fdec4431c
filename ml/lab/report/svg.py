"""matplotlib's SVG made small: its styles as classes, so that each is written once and has another colour at night."""

import re

INK, PAPER, GRID = "#1b2430", "#ffffff", "#d5dbe3"
#: The colours that change where the reader's page is dark.
NIGHT = {INK: "#e4e9f0", PAPER: "#141a22", GRID: "#38424f"}
FONT = "text{font-family:'DejaVu Sans',Verdana,sans-serif}"


def svg_small(text: str) -> str:
    """Write the same drawing with fewer bytes.

    Parameters
    ----------
    text
        SVG as matplotlib writes it.

    Returns
    -------
    str
        Without groups that only group, with coordinates to a tenth of a point, and one rule for each style.
    """
    text = re.sub(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<metadata>.*?</metadata>|<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r' font-family: [^;"]*;', "", text)
    text = re.sub(r' transform="rotate\(-0 [^"]*"', "", text)
    text = re.sub(r'(?<= )(?:d|x|y|width|height|transform|viewBox)="[^"]*"', _shortened, text)
    text = _ungrouped(text)
    text, rules = _classed(text)
    text = "\n".join(line.strip() for line in text.splitlines() if line.strip())
    return text.replace("<defs>", f"<defs>\n<style>{FONT}\n{rules}</style>", 1) + "\n"


def _shortened(attribute: re.Match[str]) -> str:
    rounded = re.sub(r"-?\d+\.\d+", lambda number: f"{float(number[0]):.1f}".removesuffix(".0"), attribute[0])
    return re.sub(r"\s+(?=[A-Za-z])|(?<=[A-Za-z])\s+(?=[-\d])|\s+(?=\"$)", "", rounded)


def _ungrouped(text: str) -> str:
    """Take away groups that change nothing, with their ends."""
    open_groups: list[bool] = []

    def kept(tag: re.Match[str]) -> str:
        if tag[0] == "</g>":
            return tag[0] if open_groups.pop() else ""
        if tag[0].endswith("/>"):
            return ""
        open_groups.append(re.fullmatch(r'<g(?: id="[^"]*")?>', tag[0]) is None)
        return tag[0] if open_groups[-1] else ""

    return re.sub(r"</?g\b[^>]*>", kept, text)


def _classed(text: str) -> tuple[str, str]:
    """Name each style by a class; returns the drawing and its rules, those of the night last."""
    styles: dict[str, str] = {}

    def named(style: re.Match[str]) -> str:
        return f'class="{styles.setdefault(style[1], f"c{len(styles)}")}"'

    text = re.sub(r'style="([^"]*)"', named, text)
    day = [f".{name}{{{style.replace('; ', ';').replace(': ', ':')}}}" for style, name in styles.items()]
    night = [_by_night(rule) for rule in day if any(colour in rule for colour in NIGHT)]
    return text, "\n".join([*day, "@media (prefers-color-scheme:dark){", *night, "}"])


def _by_night(rule: str) -> str:
    for day, night in NIGHT.items():
        rule = rule.replace(day, night)
    return rule
