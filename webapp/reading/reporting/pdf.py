"""A signed report as PDF: deterministic, the same bytes at every build.

A font that knows more than Latin letters is used where the system has one (DejaVu Sans); what the font at hand cannot
draw is written as its Unicode number, never left out.
"""

import io
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from django.utils import timezone
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from webapp.imaging.archive.presenters import person_of
from webapp.reading.reporting.models import Report
from webapp.reading.reporting.report_templates import template_named

STRIP = "Research use, not for diagnosis"
FAMILIES = (("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"), ("Vera.ttf", "VeraBd.ttf"))
#: Where systems keep fonts; reportlab looks into its own folder by itself.
FOLDERS = (Path("/usr/share/fonts/truetype/dejavu"), Path("/usr/share/fonts/dejavu-sans-fonts"), Path())
MARGIN = 18 * mm
INK, QUIET, LINE, GROUND, AMBER = (HexColor(one) for one in ("#14181c", "#55606a", "#c9d0d6", "#f1f4f6", "#8a5a00"))
BY = {"missed": "the reader alone", "edit": "AI, corrected by the reader", "agree": "AI, agreed by the reader"}


def render_pdf(report: Report, *, is_superseded: bool = False) -> bytes:
    """Return a signed report as PDF (A4); one that is superseded says so at its head."""
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=24 * mm,
        bottomMargin=22 * mm,
        title="Report",
        author="Readroom",
        invariant=1,
    )
    foot = f"Version {report.number}, {report.get_kind_display().lower()} · sha256 {report.signature.digest[:16]}…"
    document.build(_story(report, is_superseded=is_superseded), canvasmaker=_numbered(foot))
    return buffer.getvalue()


def drawable(text: str) -> str:
    """Return a text with what the font cannot draw as U+ and its number, safe for a paragraph."""
    known = pdfmetrics.getFont(_fonts()[0]).face.charToGlyph
    return "".join(
        "<br/>" if sign == "\n" else escape(sign) if ord(sign) in known else f"[U+{ord(sign):04X}]" for sign in text
    )


def _story(report: Report, *, is_superseded: bool) -> list[Flowable]:
    styles = _styles()
    kind = report.get_kind_display() + ("" if report.kind == Report.Kind.ADDENDUM else " report")
    story: list[Flowable] = [Paragraph(drawable(kind), styles["title"])]
    if is_superseded:
        story.append(Paragraph("Superseded: a newer version of this report is signed.", styles["warning"]))
    story += [_header(report), Spacer(0, 5 * mm)]
    for section in report.sections:
        story += _section(section["title"], section["text"])
    story += _section("Free text", report.free_text)
    if report.is_abnormal is not None:
        story += _section("Conclusion", "Abnormal" if report.is_abnormal else "Normal")
    story += _figures(report)
    story.append(KeepTogether([Spacer(0, 5 * mm), _signature(report)]))
    return story


def _header(report: Report) -> Flowable:
    person, study = person_of(report.study), report.study
    born = f"{person.born:%d %b %Y}" if person.born else ""
    facts = (
        ("Patient", person.name),
        ("Number", person.number),
        ("Born", ", ".join(word for word in (born, person.age, person.sex) if word)),
        ("Study", study.description),
        ("Date", f"{study.study_date:%d %b %Y}" if study.study_date else ""),
        ("Accession", study.accession_number),
        ("Site", study.site.name),
        ("Template", template_named(report.template).title),
    )
    cells = [(name, value) for name, value in facts if value]
    rows = [
        [cell for name, value in cells[at : at + 2] for cell in _fact(name, value)] for at in range(0, len(cells), 2)
    ]
    rows = [row + [""] * (4 - len(row)) for row in rows]
    return _table(rows, widths=(22, 65, 22, 65), lines=False)


def _fact(name: str, value: str) -> list[Flowable]:
    styles = _styles()
    return [Paragraph(drawable(name), styles["quiet"]), Paragraph(drawable(value), styles["text"])]


def _section(title: str, text: str) -> list[Flowable]:
    if not text.strip():
        return []
    styles = _styles()
    return [Paragraph(drawable(title), styles["heading"]), Paragraph(drawable(text), styles["text"])]


def _figures(report: Report) -> list[Flowable]:
    if not report.statements:
        return []
    styles = _styles()
    head = [Paragraph(word, styles["quiet"]) for word in ("Accepted finding", "Where", "Figures", "By")]
    rows = [
        [
            Paragraph(drawable(word), styles["text"])
            for word in (one["title"], one["place"], one["figures"], BY.get(one["says"], one["says"]))
        ]
        for one in report.statements
    ]
    return [Paragraph("Accepted findings", styles["heading"]), _table([head, *rows], widths=(60, 40, 37, 37))]


def _signature(report: Report) -> Flowable:
    signature, styles = report.signature, _styles()
    at = timezone.localtime(signature.at)
    images = len(signature.digests["images"])
    models = sorted({name for run in signature.digests["models"].values() for name in run["models"]})
    by = f" Made beside the answers of {', '.join(models)}." if models else " No model had answered."
    words = [
        Paragraph(f"Signed by {drawable(signature.name)}, {at:%d %b %Y %H:%M:%S} {at:%Z}", styles["strong"]),
        Paragraph(drawable(f"“{signature.meaning}”"), styles["text"]),
        Paragraph(drawable(f"Binds this text and {images} image{'' if images == 1 else 's'}.{by}"), styles["quiet"]),
        Paragraph(f"sha256 {signature.digest}", styles["quiet"]),
    ]
    table = Table([[words]], colWidths=[174 * mm])
    table.setStyle(TableStyle([("BOX", (0, 0), (-1, -1), 0.8, INK), ("BACKGROUND", (0, 0), (-1, -1), GROUND)]))
    return table


def _table(rows: list[list[Any]], *, widths: tuple[int, ...], lines: bool = True) -> Flowable:
    table = Table(rows, colWidths=[width * mm for width in widths], repeatRows=1 if lines else 0)
    look: list[Any] = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (0, -1), 0)]
    if lines:
        look.append(("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE))
    table.setStyle(TableStyle(look))
    return table


@cache
def _fonts() -> tuple[str, str]:
    """Register the first family that is there; return the names of its plain and its bold font."""
    for plain, bold in FAMILIES:
        for folder in FOLDERS:
            try:
                for name in (plain, bold):
                    pdfmetrics.registerFont(TTFont(Path(name).stem, str(folder / name)))
            except TTFError:
                continue
            return Path(plain).stem, Path(bold).stem
    raise FileNotFoundError("No font to write a report with.")  # reportlab brings the last family itself


@cache
def _styles() -> dict[str, ParagraphStyle]:
    plain, bold = _fonts()
    text = ParagraphStyle("text", fontName=plain, fontSize=10, leading=14.5, textColor=INK, splitLongWords=1)
    return {
        "text": text,
        "quiet": ParagraphStyle("quiet", text, fontSize=8.5, leading=13, textColor=QUIET),
        "strong": ParagraphStyle("strong", text, fontName=bold),
        "heading": ParagraphStyle(
            "heading", text, fontName=bold, fontSize=11, spaceBefore=4 * mm, spaceAfter=1 * mm, keepWithNext=1
        ),
        "title": ParagraphStyle("title", text, fontName=bold, fontSize=17, leading=22, spaceAfter=3 * mm),
        "warning": ParagraphStyle(
            "warning", text, fontName=bold, textColor=AMBER, borderColor=AMBER, borderWidth=0.8, borderPadding=5,
            alignment=TA_CENTER, spaceBefore=2 * mm, spaceAfter=5 * mm,
        ),
    }  # fmt: skip


def _numbered(foot: str) -> type[Canvas]:
    """Return a canvas that writes strip and "page n of N" once it knows how many pages there are."""

    class Numbered(Canvas):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - reportlab's name
            self.pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self.pages, start=1):
                self.__dict__.update(page)
                self._frame(f"Page {number} of {len(self.pages)}")
                super().showPage()
            super().save()

        def _frame(self, number: str) -> None:
            width, height = A4
            plain, bold = _fonts()
            self.setFillColor(HexColor("#33270b"))
            self.rect(0, height - 12 * mm, width, 12 * mm, stroke=0, fill=1)
            self.setFillColor(HexColor("#ffdf9a"))
            self.setFont(bold, 9.5)
            self.drawCentredString(width / 2, height - 7.4 * mm, STRIP)
            self.setFillColor(QUIET)
            self.setFont(plain, 8)
            self.drawString(MARGIN, 12 * mm, foot)
            self.drawRightString(width - MARGIN, 12 * mm, number)

    return Numbered
