"""People of a plan, as an edition is made of them."""

from pathlib import Path

from mriprivacy.data_prep.cohorts.bids import CohortError, Participant
from mriprivacy.data_prep.cohorts.cohort_files import ScanFile, check_photo, check_scan
from mriprivacy.data_prep.cohorts.people_table import VALUES
from mriprivacy.data_prep.cohorts.people_values import OLDEST, group_of
from mriprivacy.data_prep.formats.problems import Findings, shown
from mriprivacy.data_prep.formats.schema import NOT_AVAILABLE, Attributes
from mriprivacy.data_prep.inspection.plan_file import CohortPlan, PlannedPerson


def planned_people(plan: CohortPlan) -> tuple[Participant, ...]:
    """Return the people whom a plan includes, with their files, sorted by subject.

    Parameters
    ----------
    plan : CohortPlan
        Without open questions.

    Raises
    ------
    CohortError
        With every file that is missing or cannot be read by now, every value that is not understood, and
        every person without a scan or a reference.
    """
    found = Findings("plan.toml")
    edges = plan.edition.get("age_edges", [18, 30, 45, 60])
    people = tuple(_participant(person, plan, edges, found) for person in plan.people if person.included)
    if not people:
        found.add("includes no person")
    if problems := found.problems():
        raise CohortError(*problems)
    return people


def _participant(person: PlannedPerson, plan: CohortPlan, edges: list[int], found: Findings) -> Participant:
    root = Path(plan.root)
    between_scans = plan.edition.get("references", "photographs") != "photographs"
    for needed, missing in (
        (person.scans, "people without a scan"),
        (person.references if between_scans else person.photos, "people without a reference"),
    ):
        if not needed:
            found.add(missing, person.subject)
    scans, references = (
        tuple(ScanFile(_session(name), root / name, {}) for name in names)
        for names in (person.scans, person.references if between_scans else ())
    )
    photos = {} if between_scans else {name: {"raw": Path(plan.photos, name)} for name in person.photos}
    for scan in (*scans, *references):
        check_scan(scan, root, found)
    for shot in photos.values():
        check_photo(shot["raw"], Path(plan.photos), found)
    if len({scan.session for scan in scans}) < len(scans):
        found.add("people with several scans of one session; keep one", person.subject)
    sex, age, ethnicity = (
        plan.meaning[what].get(person.values[what], person.values[what]) for what in VALUES
    )
    if sex not in ("F", "M", "O", NOT_AVAILABLE):
        found.add(
            "sex is not F, M, O or n/a, and meaning.sex does not name it", f"{person.subject} {shown(sex)}"
        )
    group, years = NOT_AVAILABLE, None
    try:
        group, years = group_of(age, edges, 121 if plan.synthetic else OLDEST)
    except ValueError as error:
        found.add(f"age {error}", f"{person.subject} {shown(age)}")
    return Participant(
        person.subject, Attributes(sex, group, ethnicity), scans, photos, {}, references, years
    )


def _session(name: str) -> str:
    """Return the session of a scan by its name."""
    return next((part for part in Path(name).name.split("_") if part.startswith("ses-")), "")
