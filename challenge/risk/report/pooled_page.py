"""The report of several hospitals as a page and as JSON."""

import json
from dataclasses import asdict
from typing import Any

from markupsafe import Markup

from mriprivacy.challenge.leaderboard.pages.html import page
from mriprivacy.challenge.risk.inference import SMALLEST_CELL
from mriprivacy.challenge.risk.pooled import Pooled, PooledFailures
from mriprivacy.challenge.risk.report.risk_document import plain
from mriprivacy.challenge.risk.report.risk_sections import NOT_STATED, ReportSection, ReportTable, asked_of
from mriprivacy.challenge.risk.report.risk_summary import RECIPIENTS, percent
from mriprivacy.challenge.risk.scan_checks import MEANINGS
from mriprivacy.challenge.risk.singling_out import GalleryRisk

TITLE = "Pooled re-identification risk of defaced head MRI"
FORMAT = "mriprivacy pooled risk 1"


def pooled_page(found: Pooled) -> str:
    """Return the report as HTML."""
    return page(
        "risk.html",
        title=TITLE,
        release=f"{len(found.sites)} hospitals, {found.people} people",
        sections=pooled_sections(found),
        curve=Markup(),
    )


def pooled_json(found: Pooled) -> str:
    """Return the report as JSON; what each hospital shared is not repeated."""
    content: dict[str, Any] = asdict(found)
    content["sites"] = [
        {"release": one.release, "people": one.people, "scans": one.scans} for one in found.sites
    ]
    document = {"format": FORMAT, **plain(content)}
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def pooled_sections(found: Pooled) -> tuple[ReportSection, ...]:
    """Return the whole report but its title, in order."""
    return (
        ReportSection("summary", "Summary", points=pooled_points(found)),
        _hospitals(found),
        _singling_out(found),
        _inference(found),
        _failures(found),
        _limits(),
    )


def pooled_points(found: Pooled) -> tuple[str, ...]:
    """Return the findings, one a line."""
    points = [f"Hospitals: {len(found.sites)}, with {found.people} people."]
    if found.linkage:
        worst = max(
            found.linkage, key=lambda one: (one.headline.risk.risk.value, one.headline.risk.risk.high)
        )
        name = RECIPIENTS[worst.key, worst.trained]
        points.append(
            f"Singling out: a recipient who holds {name[0].lower()}{name[1:]} finds "
            f"{percent(worst.headline.risk.risk)} of people in galleries of {worst.headline.gallery} of "
            "the own hospital, beyond chance."
        )
    else:
        points.append("Singling out and linkability: not tested.")
    scans = sum(one.scans + one.hidden for one in found.failures)
    hidden = sum(one.hidden for one in found.failures)
    points.append(
        f"Failures of defacing: at least {scans}"
        + (f"; counts of 1 to {SMALLEST_CELL - 1} that were not shared: {hidden}." if hidden else ".")
    )
    points.append("Pairs of people of two hospitals were not compared (section 4).")
    return tuple(points)


def _hospitals(found: Pooled) -> ReportSection:
    rows = tuple(
        (str(place), one.release or NOT_STATED, str(one.people), str(one.scans), str(one.left_out))
        for place, one in enumerate(found.sites, start=1)
    )
    return ReportSection(
        "hospitals",
        "Hospitals",
        (
            "Each hospital ran the report on its own scans and shared sums over people. Each person was "
            "looked for among the people of the own hospital. No scan, score or name left a hospital.",
        ),
        ReportTable(
            "What was shared",
            (
                "hospital",
                "release",
                "people",
                "scans",
                f"tests of fewer than {SMALLEST_CELL} people, not shared",
            ),
            rows,
            (2, 3, 4),
        ),
    )


def _singling_out(found: Pooled) -> ReportSection:
    rows = tuple(
        (
            RECIPIENTS[one.key, one.trained],
            str(one.sites),
            str(one.people),
            str(point.gallery),
            f"{100 * point.risk.attack:.0f} % / {100 * point.risk.control:.0f} %",
            percent(point.risk.risk),
            _before(one.before, point.gallery),
        )
        for one in found.linkage
        for point in one.curve
    )
    return ReportSection(
        "singling_out",
        "1 Singling out and linkability",
        (
            "An attack is right where the own scan comes first among N people of the own hospital. Galleries "
            "are those that all hospitals have.",
        ),
        ReportTable(
            "Attack, control and risk",
            (
                "the recipient holds",
                "hospitals",
                "people",
                "N",
                "attack / control",
                "risk",
                "before defacing",
            ),
            rows,
            (1, 2, 3, 4, 5, 6),
        ),
    )


def _before(before: GalleryRisk | None, gallery: int) -> str:
    if before is None:
        return "n/a"
    return percent(before.risk.risk) if before.gallery == gallery else "–"


def _inference(found: Pooled) -> ReportSection:
    rows = tuple(
        (
            asked_of(one.attribute),
            str(one.sites),
            str(one.people),
            f"{100 * one.risk.attack:.0f} % / {100 * one.risk.control:.0f} %",
            percent(one.risk.risk),
            percent(one.before.risk) if one.before else "n/a",
        )
        for one in found.inferred
    )
    return ReportSection(
        "inference",
        "2 Inference of sex, age and ethnicity",
        (
            "Attacks were trained in each hospital on its own scans. Every interval begins at 0: whether a "
            "value is predicted beyond chance takes the features, which stay in the hospital. Its own report "
            "says so.",
        ),
        ReportTable(
            "Attack, control and risk",
            ("attribute", "hospitals", "people", "attack / control", "risk", "before defacing"),
            rows,
            (1, 2, 3, 4, 5),
        ),
    )


def _failures(found: Pooled) -> ReportSection:
    rows = tuple((one.kind, _count(one), MEANINGS[one.kind]) for one in found.failures)
    return ReportSection(
        "failures",
        "3 Failures of defacing",
        (f"A hospital does not share a count of 1 to {SMALLEST_CELL - 1} scans.",),
        ReportTable("Failures, by kind", ("failure", "scans", "meaning"), rows, (1,)),
    )


def _count(one: PooledFailures) -> str:
    if not one.hidden:
        return str(one.scans)
    low, high = one.scans + one.hidden, one.scans + one.hidden * (SMALLEST_CELL - 1)
    return f"{low} to {high}"


def _limits() -> ReportSection:
    return ReportSection(
        "not_tested",
        "4 What is not pooled",
        ("Pairs of people of two hospitals are in no report. All else stands in that of each hospital.",),
        points=(
            "Pairs of people of two hospitals: no scan was compared with one of another hospital. A "
            "recipient who does not know the hospital looks in a larger gallery, and the scanner tells them "
            "apart. What such a recipient finds was not measured.",
            "The person who is worst off, and the area under the ROC.",
            "Attackers that were tried at one hospital alone.",
            "What one hospital shares twice: the difference of two releases shows who was added. Share once.",
        ),
    )
