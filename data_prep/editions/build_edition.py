"""People become an edition: plan, release every scan and photo, seal."""

from pathlib import Path

from mriprivacy.data_prep.cohorts.bids import CohortError
from mriprivacy.data_prep.editions.edition_config import EditionConfig
from mriprivacy.data_prep.editions.plan import Plan, plan_edition
from mriprivacy.data_prep.editions.release import release_photo, release_scan
from mriprivacy.data_prep.editions.seal import seal_edition
from mriprivacy.data_prep.formats.atomic import whole_folder

__all__ = [
    "EditionConfig",
    "Plan",
    "build_edition",
    "plan_edition",
    "release_photo",
    "release_scan",
    "seal_edition",
]


def build_edition(cohort_root: Path, output: Path, config: EditionConfig) -> Plan:
    """Make an edition from a cohort, whole or not at all, one item after the other.

    Photographs are released as they are, so those of real people are refused: `mriprivacy build` looks for
    all people in them.

    Parameters
    ----------
    cohort_root, config
        As in `plan_edition`.
    output : Path
        Becomes the folder with `public/` and `sealed/`. Never overwritten.

    Raises
    ------
    CohortError
        If the cohort or config is not fit for an edition.
    OutputExistsError
        If `output` exists and is not empty.
    """
    plan = plan_edition(cohort_root, config)
    if plan.photos and config.hair_removal == "builtin":
        raise CohortError(
            "edition.hair_removal is 'builtin'; expected none or given: only a build removes hair"
        )
    with whole_folder(output) as folder:
        for scan in plan.scans:
            release_scan(scan, folder)
        for photo in (*plan.photos, *plan.doppelgangers):
            release_photo(photo, folder)
        seal_edition(plan, folder)
    return plan
