"""An edition that takes the place of another: what it must share with it, and the mark on the old one."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from mriprivacy.challenge.edition.public import Edition
from mriprivacy.data_prep.editions.plan import Plan
from mriprivacy.data_prep.formats.atomic import whole_file
from mriprivacy.data_prep.formats.kit_errors import InputError
from mriprivacy.data_prep.formats.manifest import SUPERSEDED


def splits_of(edition: Edition) -> Mapping[str, str]:
    """Return the split of every scan of an edition."""
    return {name: split.name for split in edition.splits.values() for name in split.scans}


def superseding(plan: Plan, old: Edition) -> Plan:
    """Write into the plan of an edition which one it supersedes.

    Parameters
    ----------
    plan : Plan
        Made with the splits of the old edition.
    old : Edition
        As it was released.

    Raises
    ------
    InputError
        Unless it is another version under the same id, with the same seed, of the same people. With another
        seed the splits would be others, and open labels of the old `dev` tell sealed ones of the new `eval`.
    """
    about = plan.description
    problems = []
    if about["id"] != old.description["id"]:
        problems.append(f"edition.id is {about['id']}; expected {old.description['id']}, as before")
    elif about["version"] == old.description["version"]:
        problems.append(f"edition.version is {about['version']}, as in what it supersedes; expected another")
    elif not {scan.probe for scan in plan.scans} & set(splits_of(old)):
        problems.append(f"no scan has the id that it had in {old.name}; expected the same seed and people")
    if problems:
        raise InputError(*problems)
    return replace(plan, description={**about, "supersedes": f"{old.name}@{old.hash}"})


def mark_superseded(old: Edition, new: Edition) -> Path:
    """Write beside what an edition lists that another took its place; what is listed stays as it is."""
    path = old.root / SUPERSEDED
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps({"superseded_by": f"{new.name}@{new.hash}"}) + "\n", encoding="ascii")
    return path
