"""The standard editions as they are published, and whether one that was made here is the same.

`published.json` holds, of each, the edition hash and one digest a group of files. So the first group that
differs can be named without the lists of thousands of files.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

from mriprivacy.challenge.edition.integrity import read_manifest
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.data_prep.formats.manifest import MANIFEST, file_sha256

STANDARD = ("synth-demo", "synth-49", "synth-200", "synth-confirm")
RECORDS = Path(__file__).with_name("published.json")
EDITION = "edition"
# In the order in which they are made: what differs first is the cause of what follows. A file belongs to the
# first group that fits.
GROUPS = {
    "trials, key and attributes of dev": r"dev/[a-z]+\.tsv",
    "trials of eval": r"eval/[a-z]+\.tsv",
    "scans of dev": r"dev/mri/.+\.nii\.gz",
    "scans of eval": r"eval/mri/.+\.nii\.gz",
    "raw photographs": r"[a-z]+/photos/raw/.+",
    "bald photographs": r"[a-z]+/photos/bald/.+",
    "key commitment": r"KEY\.commitment",
    "descriptions": r".+",
}

Record = Mapping[str, str]


def record(public: Path) -> dict[str, str]:
    """Return the edition hash (`edition`) and, of each of `GROUPS`, the SHA-256 of its lines in the manifest.

    Parameters
    ----------
    public : Path
        The public folder of an edition. Its manifest is taken as it is; `verify_edition` compares the files.
    """
    digests = {group: hashlib.sha256() for group in GROUPS}
    for name, digest in read_manifest(public / MANIFEST, MANIFEST).items():
        group = next(group for group, files in GROUPS.items() if re.fullmatch(files, name))
        digests[group].update(f"{digest}  {name}\n".encode())
    groups = {group: digest.hexdigest() for group, digest in digests.items()}
    return {EDITION: file_sha256(public / MANIFEST), **groups}


def published() -> dict[str, Record]:
    """Return the records of the standard editions by their names; those that are not published yet lack."""
    records: dict[str, Record] = json.loads(RECORDS.read_text(encoding="utf-8"))
    return records


def verdict(edition: Edition, records: Mapping[str, Record]) -> str:
    """Say in one line whether an edition is the one of its name that is published, or what differs first.

    Parameters
    ----------
    edition : Edition
        Any. One without the name of a standard edition has no verdict (`""`).
    records : mapping from name to Record
        As `published` returns them.
    """
    if edition.description["id"] not in STANDARD:
        return ""
    if edition.name not in records:
        return f"no hash is published for {edition.name} of this code; here it is {edition.hash}"
    wanted, found = records[edition.name], record(edition.root)
    if found[EDITION] == wanted[EDITION]:
        return f"this is {edition.name} as published: {edition.hash}"
    first, *others = differing(found, wanted)
    more = f" (and after it: {'; '.join(others)})" if others else ""
    return (
        f"this is not {edition.name} as published (its hash is {found[EDITION][:16]}, expected "
        f"{wanted[EDITION][:16]}); first to differ: {first}{more}. Figures of the two may not be compared"
    )


def differing(found: Record, wanted: Record) -> list[str]:
    """Name the groups in which two records differ, in the order of `GROUPS`; empty if it is one edition."""
    if found[EDITION] == wanted[EDITION]:
        return []
    return [group for group in GROUPS if found[group] != wanted.get(group)] or [f"form of {MANIFEST}"]


def standard_note(edition: str, public_list: bool = False) -> str:
    """Return a warning that the key of a standard edition is no secret; empty for any other.

    Parameters
    ----------
    edition : str
        Its name.
    public_list : bool
        Whether it was built from a list on public data (`list` in `edition.json`).

    Examples
    --------
    >>> standard_note("mine/1")
    ''
    """
    if edition not in published() and not public_list:
        return ""
    return f"{edition} is standard: anybody can make its key, and no budget protects it"
