"""The report of an assessment as sections: what the page and the PDF show, in their order."""

from collections import Counter
from dataclasses import dataclass

from mriprivacy.challenge.compute.parallel import some
from mriprivacy.challenge.risk.assessment import Assessment
from mriprivacy.challenge.risk.control_rate import ControlledRisk
from mriprivacy.challenge.risk.inference import SMALLEST_CELL, YEARS
from mriprivacy.challenge.risk.recipients import PHOTOGRAPH
from mriprivacy.challenge.risk.report.risk_summary import percent, recipient_name, summary_points
from mriprivacy.challenge.risk.scan_checks import FAILURES, MEANINGS
from mriprivacy.challenge.risk.scan_pairs import PASSED_OVER
from mriprivacy.challenge.risk.singling_out import FEWEST_TO_NAME, WorstPerson

NOT_STATED = "[not stated by the hospital]"


@dataclass(frozen=True)
class ReportTable:
    """A table of a section; columns in `figures` are aligned to the right; some are filled in by hand."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figures: tuple[int, ...] = ()
    to_fill_in: bool = False


@dataclass(frozen=True)
class ReportSection:
    """A heading, its paragraphs, a table, what follows it, and whether the curve stands here."""

    key: str
    title: str
    text: tuple[str, ...] = ()
    table: ReportTable | None = None
    after: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    curve: bool = False


def sections(found: Assessment) -> tuple[ReportSection, ...]:
    """Return the whole report but its title, in order."""
    return (
        summary(found),
        _scope(found),
        _singling_out(found),
        _linkability(found),
        _inference(found),
        _failures(found),
        _not_tested(found),
        _method(found),
        _for_the_file(),
        _annex(found),
    )


def summary(found: Assessment) -> ReportSection:
    """Return the few lines to read first."""
    return ReportSection(
        "summary",
        "Summary",
        (
            "Risk is the share of people about whom an attack is right beyond chance, from 0 to 100 %, "
            "with a 95 % interval in brackets. It holds for the recipients and attacks below, and "
            "for no others.",
        ),
        points=summary_points(found),
    )


def _scope(found: Assessment) -> ReportSection:
    kinds = ", ".join(f"{count} {kind}" for kind, count in found.kinds.items())
    rows = (
        ("Release", found.terms.release or NOT_STATED),
        ("Defaced with", found.terms.defaced_with or NOT_STATED),
        ("Recipients and their terms", found.terms.recipients or NOT_STATED),
        ("People", str(found.people)),
        ("Scans", f"{found.scans} ({kinds})"),
        ("Photographs", str(found.photographs) if found.photographs else "none given"),
        ("Originals not released", str(found.withheld)),
        ("Assessed", f"{found.date}, with mriprivacy {found.kit}"),
    )
    return ReportSection(
        "scope",
        "Release, recipients and assumptions",
        (
            "The three questions are those of Opinion 05/2014 of the Article 29 Working Party. Can a person "
            "be singled out? Can records of a person be linked? Can something be inferred about a person? "
            "Risk depends on what the recipient holds and may do, so each recipient has a row of its own.",
            "Below the table are assumptions. None of them was tested.",
        ),
        ReportTable("What was assessed", ("item", "value"), rows),
        points=(
            "The recipient uses the kit's attackers and no others. A stronger attacker finds more.",
            "The recipient knows that the person is in the release. Where it does not, it also makes "
            "false finds.",
            "The people of the release are as hard to tell apart as any others that the recipient could take "
            "for them.",
            "File names, headers, tables and the list of participants were not looked at. A name in them "
            "makes every figure here meaningless.",
        ),
    )


def _singling_out(found: Assessment) -> ReportSection:
    tested = found.tested
    if not tested:
        return ReportSection(
            "singling_out", "1 Singling out: people found in a gallery", ("Not tested. Section 5 says why.",)
        )
    by_size = [{point.gallery: point for point in one.after.curve} for one in tested if one.after]
    sizes = sorted(set().union(*by_size))
    rows = tuple(
        (str(size), *(percent(own[size].risk.risk) if size in own else "n/a" for own in by_size))
        for size in sizes
    )
    worst = [
        f"{recipient_name(one)}: {_worst_of(one.after.worst, one.people)}" for one in tested if one.after
    ]
    return ReportSection(
        "singling_out",
        "1 Singling out: people found in a gallery",
        (
            "A recipient looks for a person among N released people, and the own scan comes first. "
            "The control "
            "is the same search for a person whom the release does not hold. The larger the gallery, "
            "the harder "
            "the search; galleries larger than the release were not tested.",
        ),
        ReportTable(
            "Risk of being found, beyond the control, by size of the gallery",
            ("N", *map(recipient_name, tested)),
            rows,
            tuple(range(1, len(tested) + 1)),
        ),
        after=("The person who is worst off, by recipient:",),
        points=tuple(worst),
        curve=True,
    )


def _worst_of(worst: WorstPerson | None, people: int) -> str:
    if worst is None:
        return f"not tested; it needs {FEWEST_TO_NAME} people, here are {people}."
    if worst.stands_out:
        return f"{worst.person} stands out ({worst.expected:.2f} such people expected by chance)."
    return f"{worst.person} is farthest ahead, but chance makes {worst.expected:.1f} such people."


def _linkability(found: Assessment) -> ReportSection:
    rows = []
    for one in found.linkage:
        if one.after is None or one.auc is None:
            rows.append((recipient_name(one), str(one.people), "not tested", "–", "–", "–"))
            continue
        risk, before = one.after.headline.risk, one.before
        rows.append(
            (
                recipient_name(one),
                str(one.people),
                f"{100 * risk.attack:.0f} % / {100 * risk.control:.0f} %",
                percent(risk.risk),
                percent(before.headline.risk.risk) if before else "n/a",
                f"{one.auc:.2f}",
            )
        )
    blind = [recipient_name(one) for one in found.tested if not one.able]
    after = [
        f"{name}: the attackers are not shown to find people before defacing either, so this row shows "
        "nothing about defacing."
        for name in blind
    ]
    seconds = {one.what.rpartition("(")[2].rstrip(")") for one in found.tested if one.key != PHOTOGRAPH}
    after += [f"The two scans of a person: {one}." for one in sorted(seconds)]
    used = dict.fromkeys(name.rpartition(", ")[0] for one in found.tested for name in one.attackers)
    if used:
        after.append(
            f"Attackers: {', '.join(used)}. For each person the attacker that is strongest on other "
            "people counts. The interval reaches as high as that of any attacker that was tried."
        )
    return ReportSection(
        "linkability",
        "2 Linkability, by what the recipient holds",
        (
            "An attack is right where it finds the own scan first, in galleries of at most half the "
            "people. AUC "
            "is the area under the ROC over all pairs of people: 1 all are linked, 0.5 chance.",
        ),
        ReportTable(
            "Attack, control and risk",
            ("the recipient holds", "people", "attack / control", "risk", "risk before defacing", "AUC"),
            tuple(rows),
            (1, 2, 3, 4, 5),
        ),
        after=tuple(after),
    )


def _inference(found: Assessment) -> ReportSection:
    rows = []
    for one in found.inferred:
        if one.risk is None:
            rows.append((asked_of(one.attribute), str(one.people), "not tested", "–", "–"))
            continue
        rows.append(
            (
                asked_of(one.attribute),
                str(one.people),
                _both(one.risk),
                percent(one.risk.risk),
                percent(one.before.risk) if one.before else "n/a",
            )
        )
    return ReportSection(
        "inference",
        "3 Inference of sex, age and ethnicity",
        (
            "The recipient trains on released scans of other people whose values are open. The "
            "control is the "
            f"prediction made of another person's scan. Values that fewer than {SMALLEST_CELL} people "
            "have are "
            "left out, and are not shown.",
        ),
        ReportTable(
            "Attack, control and risk",
            ("attribute", "people", "attack / control", "risk", "risk before defacing"),
            tuple(rows),
            (1, 2, 3, 4),
        ),
        after=(
            "An interval begins above 0 only where the attacks gain more than in 19 exchanges of the values "
            "among people, trained anew each time.",
        ),
    )


def _both(risk: ControlledRisk) -> str:
    return f"{100 * risk.attack:.0f} % / {100 * risk.control:.0f} %"


def asked_of(attribute: str) -> str:
    """Return how the report calls an attribute."""
    return f"age, within {YEARS:.0f} years" if attribute == "age" else attribute


def _failures(found: Assessment) -> ReportSection:
    counts = Counter(kind for one in found.failed for kind in {kind for kind, _ in one.failures})
    rows = tuple((kind, str(counts[kind]), MEANINGS[kind]) for kind in FAILURES)
    return ReportSection(
        "failures",
        "4 Scans to send back to those who defaced",
        (
            f"{len(found.failed)} of {found.scans} scans failed a check. The annex names them; "
            "failures.tsv has "
            "the same list for a program.",
        ),
        ReportTable("Failures, by kind", ("failure", "scans", "meaning"), rows, (1,)),
    )


def _not_tested(found: Assessment) -> ReportSection:
    points = [f"{recipient_name(one)}: {one.why_not}." for one in found.linkage if one.after is None]
    points += [f"{asked_of(one.attribute)}: {one.why_not}." for one in found.inferred if one.risk is None]
    if unseen := [one.name for one in found.checked if one.brain_change != one.brain_change]:
        points.append(
            f"Brain: {len(unseen)} of {found.scans} scans ({some(unseen)}): no brain to compare. Whether it "
            "was cut is not known."
        )
    if found.passed_over:
        points.append(f"{found.passed_over} more NIfTI files of the release: {PASSED_OVER}.")
    points += [
        "Ears: whether they are left. The kit has no calibrated check.",
        "Headers, sidecars, file names and tables: they may name a person whatever the picture shows.",
        "Attackers beyond the kit's: a stronger network, a person who recognizes a face, a mix of sources.",
        "People who are not in the release, and galleries larger than the release.",
        "Other body parts, other contrasts than those given, and scans that are released later.",
    ]
    return ReportSection(
        "not_tested",
        "5 What was not tested",
        ("A risk that was not tested is not a low risk.",),
        points=tuple(points),
    )


def _method(found: Assessment) -> ReportSection:
    return ReportSection(
        "method",
        "6 How the figures were made",
        (
            "Risk = (attack - control) / (1 - control), after anonymeter (Giomi et al., PoPETs 2023(2)). The "
            "interval holds every risk under which the observed sum of successes is not among the "
            "least likely 5 %, ordered by likelihood ratio (Feldman and Cousins 1998). Where several "
            "attackers were tried, it begins and stops at the highest of their ends; the lower ends share "
            "the 5 %. How often it holds a planted risk was measured in "
            "simulated hospitals of 12, 40 and 200 people (docs/results/risk_coverage.md of the kit).",
            "A person stands out where chance makes fewer than one such person in ten releases of this size.",
        ),
        after=found.remarks,
    )


def _for_the_file() -> ReportSection:
    blank = "\u00a0"
    return ReportSection(
        "file",
        "7 For the file",
        ("The report measures. Whether the scans may be released is for the people named here to decide.",),
        ReportTable(
            "To be filled in by hand",
            ("item", "entry"),
            (("Decision and conditions", blank), ("Name and office", blank), ("Date and signature", blank)),
            to_fill_in=True,
        ),
    )


def _annex(found: Assessment) -> ReportSection:
    rows = tuple((one.name, kind, details or "n/a") for one in found.failed for kind, details in one.failures)
    if not rows:
        return ReportSection("annex", "Annex: failures, scan by scan", ("No check found a failure.",))
    return ReportSection(
        "annex",
        "Annex: failures, scan by scan",
        ("For those who defaced. It names scans, so it stays with the hospital.",),
        ReportTable("Failures", ("scan", "failure", "details"), rows),
    )
