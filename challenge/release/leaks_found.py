"""What the files of an edition give away, in the lines that `build` prints, or for which it refuses."""

import warnings
from pathlib import Path

from mriprivacy.baselines.attacks.metadata_only import MIN_SUBJECTS
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.challenge.edition.sealed import SealedKey, open_sealed
from mriprivacy.challenge.entry.entry import Check
from mriprivacy.challenge.evaluation.checks.metadata_leak import leak_checks
from mriprivacy.challenge.evaluation.checks.rare_people import rare_people
from mriprivacy.challenge.release.linked_scans import scan_link_checks
from mriprivacy.scoring import SmallSampleWarning
from mriprivacy.scoring.errors import UserError


def leaks_found(folder: Path, smallest_group: int, accept_links: bool, compute: Compute) -> list[str]:
    """Look for leaks in an edition before it is released.

    Parameters
    ----------
    folder : Path
        With `public/` and `sealed/`.
    smallest_group : int
        People, at least, whose files are alike (`evaluation.rare_people`).
    accept_links : bool
        Whether real people may be released although the files of their scans link them (`linked_scans`).
    compute : Compute
        The workers that open the files.

    Returns
    -------
    list of str
        What is printed.

    Raises
    ------
    UserError
        For a metadata leak; for real people also if some are rare, or if scans are linked and it was not
        accepted.
    """
    edition, sealed = open_edition(folder), open_sealed(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallSampleWarning)
        return [
            *_rare(edition, sealed, smallest_group),
            *_metadata(edition, sealed, compute),
            *_links(edition, sealed, accept_links, compute),
        ]


def _metadata(edition: Edition, sealed: SealedKey, compute: Compute) -> list[str]:
    """Refuse an edition with a metadata leak: no attacker on it would count."""
    people = min(len({sealed.subjects[probe] for probe in split.probes}) for split in edition.splits.values())
    if people < MIN_SUBJECTS:
        return [f"leak test skipped: it needs {MIN_SUBJECTS} people per split, this edition has {people}"]
    checks = leak_checks(edition, sealed, compute)
    if failed := [f"public: {_line(check)}, failed" for check in checks if not check.passed]:
        raise UserError(
            *failed,
            "size, brightness, grid or format of a person's scan go with those of the photograph; make them "
            "alike for everybody, and build again",
        )
    return [_line(check) for check in checks]


def _rare(edition: Edition, sealed: SealedKey, smallest_group: int) -> list[str]:
    """Refuse an edition of real people some of whom their files give away; of synthetic ones, warn."""
    lines = [
        f"{one.split}: {one.subject} is known by its files: {one.facts}, like {one.scans} people, and "
        f"references like {one.references}; expected {smallest_group} or more alike"
        for one in rare_people(edition, sealed, smallest_group)
    ]
    if lines and not edition.description["synthetic"]:
        raise UserError(
            *lines,
            "bring these people's images to the grid and number that others have, leave them out, or accept "
            "it with smallest_group=1",
        )
    return lines


def _links(edition: Edition, sealed: SealedKey, accept_links: bool, compute: Compute) -> list[str]:
    """Say by how much files link scans with scans; refuse real people who are linked, unless accepted."""
    if not edition.dev.reference_contrast:
        return []
    checks = scan_link_checks(edition, sealed, compute)
    failed = [f"public: {_line(check)}, failed" for check in checks if not check.passed]
    if failed and not edition.description["synthetic"] and not accept_links:
        raise UserError(
            *failed,
            "a holder of one scan finds the other without a face: change the scans, or accept it with "
            "accept_links=true (docs/decisions/0031-links-are-measured.md)",
        )
    return [_line(check) + ("" if check.passed else ", failed: files link scans") for check in checks]


def _line(check: Check) -> str:
    low, high = max(0.0, check.low), min(1.0, check.high)
    return f"{check.question}: {check.value:.2f} [{low:.2f}, {high:.2f}]"
