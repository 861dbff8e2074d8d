"""The report as a PDF on A4: numbered pages, text that can be searched, the same bytes each time."""

import io
from functools import partial
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import matplotlib as mpl
from matplotlib.figure import Figure
from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Image, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, TableStyle
from reportlab.platypus import Table as PdfTable

from mriprivacy.challenge.risk.assessment import Assessment
from mriprivacy.challenge.risk.report.risk_page import TITLE, draw_curve
from mriprivacy.challenge.risk.report.risk_sections import NOT_STATED, ReportSection, ReportTable, sections
from mriprivacy.data_prep.formats.tables.foreign_text import visible

MARGIN = 20 * mm
WIDTH = A4[0] - 2 * MARGIN
_PADDING = 6  # that reportlab puts around the text of a page
_COLOURS = ("#0b6bb8", "#b84a00", "#6b3fa0", "#087a5b", "#59616b")
_INK, _MUTED, _LINE = colors.HexColor("#1b1f24"), colors.HexColor("#59616b"), colors.HexColor("#d8dce2")
_RAISED, _NOTICE = colors.HexColor("#f5f6f8"), colors.HexColor("#fff4d6")


def write_pdf(found: Assessment, path: Path) -> None:
    """Write the report as a PDF."""
    _register_fonts()
    release = found.terms.release or NOT_STATED
    pages = _build(_flow(found, release), io.BytesIO(), found, release, 0)
    _build(_flow(found, release), str(path), found, release, pages)


def _flow(found: Assessment, release: str) -> list[Any]:
    styles = _styles()
    flow: list[Any] = [
        Paragraph(_text(TITLE), styles["title"]),
        Paragraph(_text(release), styles["muted"]),
        Spacer(0, 3 * mm),
    ]
    for section in sections(found):
        flow += _section(section, found, styles)
    return flow


def _build(flow: list[Any], target: Any, found: Assessment, release: str, pages: int) -> int:
    """Build the document, whose number of pages is known when it was built once; return that number."""
    file = SimpleDocTemplate(
        target,
        pagesize=A4,
        leftMargin=MARGIN - _PADDING,
        rightMargin=MARGIN - _PADDING,
        topMargin=18 * mm,
        bottomMargin=20 * mm,
        title=f"{TITLE}: {release}",
        author="",
        subject="Article 29 WP Opinion 05/2014: singling out, linkability, inference",
        creator=f"mriprivacy {found.kit}",
        invariant=1,
        lang="en",
    )
    footer = partial(_footer, release=release, found=found, pages=pages)
    file.build(flow, onFirstPage=footer, onLaterPages=footer)
    return int(file.page)


def _footer(canvas: Any, document: Any, release: str, found: Assessment, pages: int) -> None:
    canvas.saveState()
    canvas.setFont("Risk", 8)
    canvas.setFillColor(_MUTED)
    shown = _glyphs(release if len(release) < 50 else release[:49] + "…")
    canvas.drawString(MARGIN, 12 * mm, f"{shown} · {found.date} · mriprivacy {found.kit}")
    canvas.drawRightString(A4[0] - MARGIN, 12 * mm, f"page {document.page} of {pages}")
    canvas.restoreState()


def _section(section: ReportSection, found: Assessment, styles: dict[str, ParagraphStyle]) -> list[Any]:
    flow: list[Any] = [Paragraph(_text(section.title), styles["heading"])]
    flow += [Paragraph(_text(one), styles["text"]) for one in section.text]
    points = [Paragraph(_text(one), styles["point"], bulletText="•") for one in section.points]
    if section.key == "summary":
        box = PdfTable([[points]], colWidths=[WIDTH])
        look = [("BACKGROUND", (0, 0), (-1, -1), _NOTICE), ("TOPPADDING", (0, 0), (-1, -1), 6)]
        box.setStyle(TableStyle(look))
        return [KeepTogether([*flow, box])]
    first = flow
    if section.curve and found.tested:
        first = [*first, _curve(found)]
    if not section.table:  # a heading is not left alone at the end of a page
        after = [Paragraph(_text(one), styles["text"]) for one in section.after]
        return [KeepTogether([*first, *points[:2]]), *points[2:], Spacer(0, 2 * mm), *after]
    result: list[Any] = [KeepTogether(first)]
    if section.table:
        table = [Paragraph(_text(section.table.caption), styles["caption"]), _table(section.table, styles)]
        # A long table breaks over pages; its head is repeated.
        whole = len(section.table.rows) < 12
        if section.curve:
            result = [KeepTogether(first), KeepTogether(table)]
        else:
            result = [KeepTogether([*first, *table])] if whole else [*first, *table]
    result += [Spacer(0, 2 * mm), *(Paragraph(_text(one), styles["text"]) for one in section.after), *points]
    return result


def _table(table: ReportTable, styles: dict[str, ParagraphStyle]) -> PdfTable:
    def cell(text: str, column: int, head: bool = False) -> Paragraph:
        right = column in table.figures
        shown = _text(text).replace(" ", "\u00a0") if right and not head and len(text) < 20 else _text(text)
        return Paragraph(shown, styles[("head" if head else "cell") + ("_right" if right else "")])

    rows = [[cell(text, i, True) for i, text in enumerate(table.header)]]
    rows += [[cell(text, i) for i, text in enumerate(row)] for row in table.rows]
    made = PdfTable(rows, colWidths=_widths(table), repeatRows=1, splitInRow=1)
    made.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, 0), _RAISED),
                ("LINEBELOW", (0, 0), (-1, -1), 0.5, _LINE),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 3),
                ("RIGHTPADDING", (0, 0), (-1, -1), 3),
                ("TOPPADDING", (0, 0), (-1, -1), 2.5),
                ("BOTTOMPADDING", (0, 0), (-1, 0), 3),
                ("BOTTOMPADDING", (0, 1), (-1, -1), 18 if table.to_fill_in else 3),
            ]
        )
    )
    return made


def _widths(table: ReportTable) -> list[float]:
    """Return widths of columns: no word or figure is broken, and the rest goes to the longest cells."""
    if table.to_fill_in:
        return [WIDTH / 3, WIDTH * 2 / 3]
    columns = list(zip(table.header, *table.rows, strict=True))
    least, wanted = [], []
    for place, (head, *cells) in enumerate(columns):
        whole = [text for text in cells if place in table.figures and len(text) < 20]
        words = [word for text in (head, *cells) for word in text.split()]
        size = max(pdfmetrics.stringWidth(text, "Risk-Bold", 8) for text in (*whole, *words))
        least.append(min(size + 8, WIDTH / 2))
        wanted.append(max(map(len, (head, *cells))))
    spare = max(0.0, WIDTH - sum(least))
    return [(one + spare * share / sum(wanted)) for one, share in zip(least, wanted, strict=True)]


def _curve(found: Assessment) -> Image:
    size = (6.4, 2.4 + 0.2 * len(found.tested))
    with mpl.rc_context(
        {
            "font.size": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.color": "#d8dce2",
            "legend.frameon": False,
        }
    ):
        figure = Figure(figsize=size, layout="constrained", dpi=220)
        draw_curve(figure, found, _COLOURS)
        picture = io.BytesIO()
        figure.savefig(picture, format="png", metadata={"Software": None})
    picture.seek(0)
    return Image(picture, width=WIDTH, height=WIDTH * size[1] / size[0])


def _text(text: str) -> str:
    """Return text as markup of reportlab that shows it."""
    return escape(_glyphs(text))


def _glyphs(text: str) -> str:
    """Return text in which a letter that the font lacks is written as Python escapes it, not as a box."""
    known = pdfmetrics.getFont("Risk").face.charToGlyph
    return "".join(
        char if char.isspace() or ord(char) in known else char.encode("unicode_escape").decode("ascii")
        for char in visible(text)
    )


def _register_fonts() -> None:
    fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
    for name, file in (("Risk", "DejaVuSans.ttf"), ("Risk-Bold", "DejaVuSans-Bold.ttf")):
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, str(fonts / file)))


def _styles() -> dict[str, ParagraphStyle]:
    text = ParagraphStyle(
        "text", fontName="Risk", fontSize=9, leading=13, textColor=_INK, spaceAfter=4, splitLongWords=1
    )
    cell = ParagraphStyle("cell", parent=text, fontSize=8, leading=10.5, spaceAfter=0)
    head = ParagraphStyle("head", parent=cell, fontName="Risk-Bold")
    return {
        "title": ParagraphStyle("title", parent=text, fontName="Risk-Bold", fontSize=17, leading=22),
        "heading": ParagraphStyle(
            "heading",
            parent=text,
            fontName="Risk-Bold",
            fontSize=12,
            leading=16,
            spaceBefore=9,
            keepWithNext=1,
        ),
        "text": text,
        "muted": ParagraphStyle("muted", parent=text, textColor=_MUTED, fontSize=10),
        "caption": ParagraphStyle("caption", parent=cell, textColor=_MUTED, spaceBefore=4, spaceAfter=3),
        "point": ParagraphStyle("point", parent=text, leftIndent=11, bulletIndent=2, spaceAfter=2),
        "cell": cell,
        "cell_right": ParagraphStyle("cell_right", parent=cell, alignment=TA_RIGHT),
        "head": head,
        "head_right": ParagraphStyle("head_right", parent=head, alignment=TA_RIGHT),
    }
