"""An edition that takes the place of another: what it must share with it, and the mark on the old one."""

import json
from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from mriprivacy.challenge.edition.protocol import Protocol, current_fields, read_protocol
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.data_prep.editions.edition_config import DESIGN, LIST_DESIGN, PHOTOGRAPHS, EditionConfig
from mriprivacy.data_prep.editions.plan import Plan
from mriprivacy.data_prep.formats.atomic import write_whole
from mriprivacy.data_prep.formats.manifest import SUPERSEDED
from mriprivacy.scoring.errors import UserError

_OF_ONE_VERSION = ("supersedes", "superseded_by")


def splits_of(edition: Edition) -> Mapping[str, str]:
    """Return the split of every scan of an edition."""
    return {name: split.name for split in edition.splits.values() for name in split.scans}


def inherited(
    config: EditionConfig, old: Mapping[str, Any], overridden: Collection[str], synthetic: bool
) -> EditionConfig:
    """Return a config in which all that is not overridden is as in the edition to be superseded.

    But for the version, which must be another, and the day of release.

    Parameters
    ----------
    config : EditionConfig
        What was given, and defaults.
    old : mapping
        `edition.json` of that edition.
    overridden : collection of str
        Keys that were given, such as `edition.licence`.
    synthetic : bool
        Whether the people of the new one are synthetic. Terms that were meant for synthetic people are not
        passed on to people who do.

    Examples
    --------
    >>> old = {"licence": "CC-BY-4.0", "citation": "Us", "synthetic": False}
    >>> new = inherited(EditionConfig(citation="All of us"), old, ["edition.citation"], synthetic=False)
    >>> new.licence, new.citation
    ('CC-BY-4.0', 'All of us')
    """
    decided = {**old, **old.get("design", {}), "references": old.get("references", PHOTOGRAPHS)}
    names = ["id", "tracks", "contrast", "references", "authors", "orcids", *DESIGN, *LIST_DESIGN]
    if decided["references"] == PHOTOGRAPHS:
        names.append("hair_removal")
    if synthetic or not old.get("synthetic"):
        names += ["licence", "citation", "consent"]
    return replace(
        config,
        **{name: decided[name] for name in names if name in decided and f"edition.{name}" not in overridden},
    )


def inherited_protocol(protocol: Protocol, old: Mapping[str, Any], overridden: Collection[str]) -> Protocol:
    """Return a protocol in which all that is not overridden is as in the edition to be superseded."""
    before = read_protocol(old)
    kept = [one.name for one in fields(protocol) if f"protocol.{one.name}" not in overridden]
    return replace(protocol, **{name: getattr(before, name) for name in kept})


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """Say what differs between the descriptions of an edition and of the one that supersedes it, a line each.

    Examples
    --------
    >>> changes({"version": "1", "protocol": {"size": 400}}, {"version": "2", "protocol": {"size": 200}})
    ('version: 1, now 2', 'protocol.size: 400, now 200')
    """
    before, after = (_flat({**one, "protocol": current_fields(one)}) for one in (old, new))
    names = [name for name in dict.fromkeys([*before, *after]) if name not in _OF_ONE_VERSION]
    return tuple(
        f"{name}: {before.get(name, 'none')}, now {after.get(name, 'none')}"
        for name in names
        if before.get(name, "none") != after.get(name, "none")
    )


def _flat(description: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in description.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = value if isinstance(value, str) and value else json.dumps(value)
    return found


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
    UserError
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
        raise UserError(*problems)
    return replace(plan, description={**about, "supersedes": f"{old.name}@{old.hash}"})


def mark_superseded(old: Edition, new: Edition) -> Path:
    """Write beside what an edition lists that another took its place; what is listed stays as it is."""
    path = old.root / SUPERSEDED
    write_whole(path, json.dumps({"superseded_by": f"{new.name}@{new.hash}"}) + "\n")
    return path
