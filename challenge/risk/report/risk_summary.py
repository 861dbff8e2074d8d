"""The few lines of a report to read first, and how it writes a risk and a recipient."""

from collections import Counter
from collections.abc import Sequence

from mriprivacy.challenge.risk.assessment import Assessment
from mriprivacy.challenge.risk.control_rate import ControlledRisk
from mriprivacy.challenge.risk.recipients import NOTHING, PHOTOGRAPH, Linkage
from mriprivacy.challenge.risk.scan_checks import FAILURES, CheckedScan
from mriprivacy.challenge.risk.singling_out import FEWEST_TO_NAME
from mriprivacy.scoring import Estimate

RECIPIENTS = {
    (NOTHING, False): "Nothing but the release",
    (PHOTOGRAPH, False): "A photograph of the person",
    (PHOTOGRAPH, True): "A photograph, and defaced scans of other people with their photographs",
    ("scan", False): "Another scan of the person",
    ("scan", True): "Another scan, and defaced scans of other people with their other scans",
}


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


def summary_points(found: Assessment) -> tuple[str, ...]:
    """Return the findings, one a line."""
    points = []
    highest = found.highest
    if highest is not None and highest.after is not None:
        headline = highest.after.headline
        risk = headline.risk
        points.append(
            f"Singling out: a recipient who holds {_lower(recipient_name(highest))} finds "
            f"{percent(risk.risk)} of people in galleries of {headline.gallery}, beyond chance."
            + ("" if risk.beyond_chance else f" {_includes_0(risk)}")
        )
        points.append(f"Worst off: {_worst_in_summary(found)}")
    else:
        points.append("Singling out and linkability: not tested. Section 5 says why.")
    blind = [one for one in found.tested if not one.able]
    if blind:
        points.append(
            f"Caution: {len(blind)} of {len(found.tested)} tests are not shown to find people before "
            "defacing either. They show nothing about the defacing."
        )
    inferred = [one for one in found.inferred if one.risk is not None and one.risk.beyond_chance]
    if inferred:
        listed = ", ".join(f"{one.attribute} {percent(one.risk.risk)}" for one in inferred if one.risk)
        points.append(f"Inference: predicted beyond the control: {listed}.")
    elif tested := [one for one in found.inferred if one.risk is not None]:
        listed = " ".join(f"{one.attribute}: {_includes_0(one.risk)}" for one in tested if one.risk)
        points.append(f"Inference: no attribute was predicted beyond the control. {listed}")
    else:
        points.append("Inference: not tested.")
    failed = found.failed
    points.append(
        f"Scans to send back: {len(failed)} of {found.scans}"
        + (f" ({_kinds(failed)})." if failed else "; no check found a failure.")
    )
    return tuple(points)


def _includes_0(risk: ControlledRisk) -> str:
    if not risk.risk.bounded:
        return f"{percent(risk.risk)}."
    return f"The interval includes 0, and up to {100 * risk.risk.high:.0f} % remain possible."


def _worst_in_summary(found: Assessment) -> str:
    """Return who stands out for the recipient of the summary, and for how many others a person does."""
    highest = found.highest
    assert highest is not None
    assert highest.after is not None
    worst = highest.after.worst
    if worst is not None and worst.stands_out:
        return f"{worst.person}. Chance makes {worst.expected:.2f} such people in a release of this size."
    others = [one for one in found.tested if one is not highest and _stands_out(one)]
    more = f" For {len(others)} other recipients a person does (section 1)." if others else ""
    if worst is None:
        few = f"not tested: it needs {FEWEST_TO_NAME} people, this recipient looks for {highest.people}."
        return few + more.replace(" a person does", " a person stands out")
    return (
        "no person stands out for this recipient beyond what chance makes. This does not mean that no "
        f"person is at risk.{more}"
    )


def _stands_out(one: Linkage) -> bool:
    return one.after is not None and one.after.worst is not None and one.after.worst.stands_out


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]


def _kinds(failed: Sequence[CheckedScan]) -> str:
    counts = Counter(kind for one in failed for kind in {kind for kind, _ in one.failures})
    return ", ".join(f"{kind}: {counts[kind]}" for kind in FAILURES if counts[kind])
