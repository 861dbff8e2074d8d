"""The risk report of a defacing submission where a platform's container runs, and its counts.

The report is that of `mriprivacy risk`, over all people of the edition: its scans are the originals, those of
the submission the release, and the photographs as they were released what a recipient holds.
"""

import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.challenge.edition.sealed import SealedKey, open_sealed
from mriprivacy.challenge.intake.submission import received
from mriprivacy.challenge.risk.assessment import Terms, assess
from mriprivacy.challenge.risk.report.report_folder import write_report
from mriprivacy.challenge.risk.shared_counts import as_shared
from mriprivacy.data_prep.formats.schema import NOT_AVAILABLE
from mriprivacy.data_prep.formats.tables.tsv import write_table

_PEOPLE = ("participant_id", "sex", "age", "ethnicity")


def risk_counts(reference: Path, submission: Path, report: Path | None = None) -> dict[str, Any]:
    """Return what `mriprivacy risk` writes to `counts.json`: sums over people, without small cells.

    Parameters
    ----------
    reference : Path
        The whole edition, or from `challenge.export.reference_data.write_reference` for defacing.
    submission : Path
        A defacing submission that intake accepts, folder or zip.
    report : Path or None
        A folder that is made for the whole report, which names people; None keeps none.

    Raises
    ------
    UserError
        If the report cannot be made. The lines name people, so they are not for participants.
    """
    edition, sealed = open_edition(reference), open_sealed(reference)
    with (
        tempfile.TemporaryDirectory() as folder,
        received(submission, edition, Compute(), "defacing") as accepted,
    ):
        # The submission's class is that of its track.
        scans: Mapping[tuple[str, str], Path] = accepted.scans  # type: ignore[union-attr]
        places = write_release(edition, sealed, scans, Path(folder))
        terms, compute = Terms(release=edition.name), Compute()
        cache = Path(folder) / "cache"
        cache.mkdir()
        # A matrix product by another number of threads has other last digits.
        with threadpool_limits(limits=1):
            found = assess(
                places["original"], places["released"], places.get("photos"), terms, cache, compute
            )
        if report is not None:
            write_report(found, report)
        counts: dict[str, Any] = json.loads(as_shared(found))
        return counts


def write_release(
    edition: Edition, sealed: SealedKey, scans: Mapping[tuple[str, str], Path], folder: Path
) -> dict[str, Path]:
    """Link a release below a folder as a hospital has it, named after people, and return its settings.

    Parameters
    ----------
    edition : Edition
        With its images.
    sealed : SealedKey
        Whose scan and whose photograph is which.
    scans : mapping from (split, scan) to Path
        Of the submission.
    folder : Path
        Gets `original` with participants.tsv, `released` and, where references are photographs, `photos`.
    """
    who = {name: _label(subject) for name, subject in sealed.subjects.items()}
    assert len(set(who.values())) == len(set(sealed.subjects.values()))  # or two people would be one
    places = {"original": folder / "original", "released": folder / "released"}
    for (split, scan), name in _names(edition, who):
        _link(edition.splits[split].scan(scan), places["original"] / name)
        _link(scans[split, scan], places["released"] / name)
    write_table(places["original"] / "participants.tsv", _PEOPLE, _people(edition, sealed, who))
    if edition.eval.reference_kind == "photo":
        places["photos"] = folder / "photos"
        for own in edition.splits.values():
            for photo in own.references:
                _link(own.photo(photo, edition.conditions[0]), places["photos"] / f"{who[photo]}_{photo}.png")
    return places


def _names(edition: Edition, who: Mapping[str, str]) -> Iterator[tuple[tuple[str, str], str]]:
    """Give each scan the name of its person; of several of one contrast each is a session."""
    of: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for split in edition.splits.values():
        for scan in split.scans:
            contrast = split.scan_name(scan).removesuffix(".nii.gz").rpartition("_")[2]
            of.setdefault((who[scan], contrast), []).append((split.name, scan))
    for (person, contrast), own in of.items():
        for place, released in enumerate(own, start=1):
            session = f"_ses-{place}" if len(own) > 1 else ""
            yield released, f"{person}{session}_{contrast}.nii.gz"


def _people(edition: Edition, sealed: SealedKey, who: Mapping[str, str]) -> list[tuple[str, ...]]:
    attributes = {**edition.dev.attributes, **sealed.attributes}
    rows: dict[str, tuple[str, ...]] = {}
    for probe, own in attributes.items():
        age = str(sealed.ages[probe]) if probe in sealed.ages else NOT_AVAILABLE
        rows.setdefault(who[probe], (who[probe], own.sex, age, own.ethnicity))
    return [rows[name] for name in sorted(rows)]


def _label(subject: str) -> str:
    return "sub-" + re.sub(r"[^A-Za-z0-9]", "", subject.removeprefix("sub-"))


def _link(target: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target.absolute())
