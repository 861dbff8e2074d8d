"""The report of an assessment as sections: what the page and the PDF show, in their order."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mriprivacy.challenge.risk.assessment import Assessment
from mriprivacy.challenge.risk.control_rate import ControlledRisk
from mriprivacy.challenge.risk.inference import SMALLEST_CELL, YEARS, Inferred
from mriprivacy.challenge.risk.recipients import NOTHING, PHOTOGRAPH, Linkage
from mriprivacy.challenge.risk.scan_checks import FAILURES, MEANINGS, Checked
from mriprivacy.scoring import Estimate

NOT_STATED = "[not stated by the hospital]"
RECIPIENTS = {
    (NOTHING, False): "Nothing but the release",
    (PHOTOGRAPH, False): "A photograph of the person",
    (PHOTOGRAPH, True): "A photograph, and defaced scans of other people with their photographs",
    ("scan", False): "Another scan of the person",
    ("scan", True): "Another scan, and defaced scans of other people with their other scans",
}


@dataclass(frozen=True)
class Table:
    """A table of a section; columns in `figures` are aligned to the right."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figures: tuple[int, ...] = ()


@dataclass(frozen=True)
class Section:
    """A heading, its paragraphs, a table, what follows it, and whether the curve stands here."""

    key: str
    title: str
    text: tuple[str, ...] = ()
    table: Table | None = None
    after: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    curve: bool = False


def percent(estimate: Estimate) -> str:
    """Return a share with its interval.

    Examples
    --------
    >>> percent(Estimate(0.254, 0.1, 0.42, 24))
    '25 % [10, 42]'
    >>> percent(Estimate(0.5, float("nan"), float("nan"), 3, "4 people, there are 3"))
    '50 % [no interval: needs 4 people, there are 3]'
    """
    if not estimate.known:
        return f"not known: needs {estimate.needs}"
    if not estimate.bounded:
        return f"{100 * estimate.value:.0f} % [no interval: needs {estimate.needs}]"
    return f"{100 * estimate.value:.0f} % [{100 * estimate.low:.0f}, {100 * estimate.high:.0f}]"


def recipient_name(one: Linkage) -> str:
    """Return how the report calls a recipient."""
    return RECIPIENTS[one.key, one.trained]


def sections(found: Assessment) -> tuple[Section, ...]:
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


def summary(found: Assessment) -> Section:
    """Return the few lines to read first."""
    points = []
    highest = found.highest
    if highest is not None and highest.after is not None:
        headline = highest.after.headline
        risk = headline.risk
        points.append(
            f"Singling out: a recipient who holds {_lower(recipient_name(highest))} finds "
            f"{percent(risk.risk)} of people in galleries of {headline.gallery}, beyond chance."
            + ("" if risk.beyond_chance else " The interval includes 0: no risk beyond chance was shown.")
        )
        worst = highest.after.worst
        if worst.stands_out:
            points.append(
                f"Worst off: {worst.person}. Chance makes {worst.expected:.2f} such people in a "
                "release of this size."
            )
        else:
            points.append(
                "Worst off: no person stands out beyond what chance makes in a release of this size."
            )
    else:
        points.append(
            "Singling out and linkability: not tested, for no photographs and no second scans were given."
        )
    blind = [one for one in found.tested if not one.able]
    if blind:
        points.append(
            f"Caution: {len(blind)} of {len(found.tested)} tests find no person in the scans before defacing "
            "either. They show nothing about the defacing."
        )
    inferred = [one for one in found.inferred if one.risk is not None and one.risk.beyond_chance]
    if inferred:
        told = ", ".join(f"{one.attribute} {percent(one.risk.risk)}" for one in inferred if one.risk)
        points.append(f"Inference: predicted beyond the control: {told}.")
    elif any(one.risk for one in found.inferred):
        points.append("Inference: no attribute was predicted beyond the control.")
    else:
        points.append("Inference: not tested.")
    failed = found.failed
    points.append(
        f"Scans to send back: {len(failed)} of {found.scans}"
        + (f" ({_kinds(failed)})." if failed else "; every scan passed every check.")
    )
    return Section(
        "summary",
        "Summary",
        (
            "Risk is the share of people about whom an attack is right beyond chance, from 0 to 100 %, "
            "with a 95 % interval in brackets. It holds for the recipients and attacks below, and "
            "for no others.",
        ),
        points=tuple(points),
    )


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]


def _kinds(failed: Sequence[Checked]) -> str:
    counts = Counter(kind for one in failed for kind in {kind for kind, _ in one.failures})
    return ", ".join(f"{kind}: {counts[kind]}" for kind in FAILURES if counts[kind])


def _scope(found: Assessment) -> Section:
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
    return Section(
        "scope",
        "Release, recipients and assumptions",
        (
            "The three questions are those of Opinion 05/2014 of the Article 29 Working Party. Can a person "
            "be singled out? Can records of a person be linked? Can something be inferred about a person? "
            "Risk depends on what the recipient holds and may do, so each recipient has a row of its own.",
        ),
        Table("What was assessed", ("item", "value"), rows),
        points=(
            "The recipient has the kit's attackers and trains none of its own.",
            "The recipient knows that the person is in the release. Where it does not, it also makes "
            "false finds.",
            "The people of the release are alike enough to other people that the recipient could meet.",
            "File names, headers, tables and the list of participants give no person away. They were "
            "not tested.",
        ),
    )


def _singling_out(found: Assessment) -> Section:
    tested = found.tested
    if not tested:
        return Section(
            "singling_out", "1 Singling out", ("Not tested: no photographs and no second scans were given.",)
        )
    sizes = [one.gallery for one in tested[0].after.curve] if tested[0].after else []
    rows = []
    for one in tested:
        assert one.after is not None
        by_size = {point.gallery: point for point in one.after.curve}
        rows.append(
            (
                recipient_name(one),
                *(percent(by_size[size].risk.risk) if size in by_size else "n/a" for size in sizes),
            )
        )
    worst = [
        f"{recipient_name(one)}: {one.after.worst.person} "
        + (
            f"stands out ({one.after.worst.expected:.2f} such people expected by chance)."
            if one.after.worst.stands_out
            else f"is farthest ahead, but chance makes {one.after.worst.expected:.1f} such people."
        )
        for one in tested
        if one.after is not None
    ]
    return Section(
        "singling_out",
        "1 Singling out: people found in a gallery",
        (
            "A recipient looks for a person among N released people, and the own scan comes first. "
            "The control "
            "is the same search for a person whom the release does not hold. The larger the gallery, "
            "the harder "
            "the search; galleries larger than the release were not tested.",
        ),
        Table(
            "Risk of being found, beyond the control, by size of the gallery",
            ("the recipient holds", *(f"N = {size}" for size in sizes)),
            tuple(rows),
            tuple(range(1, len(sizes) + 1)),
        ),
        points=("The person who is worst off, by recipient:", *worst),
        curve=True,
    )


def _linkability(found: Assessment) -> Section:
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
        f"{name}: the attackers find no person before defacing either, so this row shows nothing "
        "about defacing."
        for name in blind
    ]
    used = dict.fromkeys(name.rpartition(", ")[0] for one in found.tested for name in one.attackers)
    if used:
        after.append(
            f"Attackers: {', '.join(used)}. For each person the attacker that is strongest on other "
            "people counts."
        )
    return Section(
        "linkability",
        "2 Linkability, by what the recipient holds",
        (
            "An attack is right where it finds the own scan first, in galleries of at most half the "
            "people. AUC "
            "is the area under the ROC over all pairs of people: 1 all are linked, 0.5 chance.",
        ),
        Table(
            "Attack, control and risk",
            ("the recipient holds", "people", "attack / control", "risk", "risk before defacing", "AUC"),
            tuple(rows),
            (1, 2, 3, 4, 5),
        ),
        after=tuple(after),
    )


def _inference(found: Assessment) -> Section:
    rows = []
    for one in found.inferred:
        if one.risk is None:
            rows.append((_asked(one), str(one.people), "not tested", "–", "–"))
            continue
        rows.append(
            (
                _asked(one),
                str(one.people),
                _both(one.risk),
                percent(one.risk.risk),
                percent(one.before.risk) if one.before else "n/a",
            )
        )
    return Section(
        "inference",
        "3 Inference of sex, age and ethnicity",
        (
            "The recipient trains on released scans of other people whose values are open. The "
            "control is the "
            f"prediction made of another person's scan. Values that fewer than {SMALLEST_CELL} people "
            "have are "
            "left out, and are not shown.",
        ),
        Table(
            "Attack, control and risk",
            ("attribute", "people", "attack / control", "risk", "risk before defacing"),
            tuple(rows),
            (1, 2, 3, 4),
        ),
    )


def _both(risk: ControlledRisk) -> str:
    return f"{100 * risk.attack:.0f} % / {100 * risk.control:.0f} %"


def _asked(one: Inferred) -> str:
    return f"age, within {YEARS:.0f} years" if one.attribute == "age" else one.attribute


def _failures(found: Assessment) -> Section:
    counts = Counter(kind for one in found.failed for kind in {kind for kind, _ in one.failures})
    rows = tuple((kind, str(counts[kind]), MEANINGS[kind]) for kind in FAILURES)
    return Section(
        "failures",
        "4 Scans to send back to those who defaced",
        (
            f"{len(found.failed)} of {found.scans} scans failed a check. The annex names them; "
            "failures.tsv has "
            "the same list for a program.",
        ),
        Table("Failures, by kind", ("failure", "scans", "meaning"), rows, (1,)),
    )


def _not_tested(found: Assessment) -> Section:
    points = [f"{recipient_name(one)}: {one.why_not}." for one in found.linkage if one.after is None]
    points += [f"{_asked(one)}: {one.why_not}." for one in found.inferred if one.risk is None]
    points += [
        "Ears: whether they are left. The kit has no calibrated check.",
        "Headers, sidecars, file names and tables: they may name a person whatever the picture shows.",
        "Attackers beyond the kit's: a stronger network, a person who recognizes a face, a mix of sources.",
        "People who are not in the release, and galleries larger than the release.",
        "Other body parts, other contrasts than those given, and scans that are released later.",
    ]
    return Section(
        "not_tested",
        "5 What was not tested",
        ("A risk that was not tested is not a low risk.",),
        points=tuple(points),
    )


def _method(found: Assessment) -> Section:
    return Section(
        "method",
        "6 How the figures were made",
        (
            "Risk = (attack - control) / (1 - control), after anonymeter (Giomi et al., PoPETs 2023(2)). The "
            "interval holds every risk under which the observed sum of successes is not among the "
            "least likely 5 %, ordered by likelihood ratio (Feldman and Cousins 1998). In simulated "
            "hospitals of 12, 40 and 200 people it held the planted risk in 85 to 98 of 100. It lies too low "
            "where one attacker of several sees few people (docs/results/risk_coverage.md).",
            "A person stands out where chance makes fewer than one such person in ten releases of this size.",
        ),
        after=found.remarks,
    )


def _for_the_file() -> Section:
    blank = "\u00a0"
    return Section(
        "file",
        "7 For the file",
        ("The report measures. Whether the scans may be released is for the people named here to decide.",),
        Table(
            "To be filled in by hand",
            ("item", "entry"),
            (("Decision and conditions", blank), ("Name and office", blank), ("Date and signature", blank)),
        ),
    )


def _annex(found: Assessment) -> Section:
    rows = tuple((one.name, kind, details or "n/a") for one in found.failed for kind, details in one.failures)
    if not rows:
        return Section("annex", "Annex: failures, scan by scan", ("Every scan passed every check.",))
    return Section(
        "annex",
        "Annex: failures, scan by scan",
        ("For those who defaced. It names scans, so it stays with the hospital.",),
        Table("Failures", ("scan", "failure", "details"), rows),
    )
