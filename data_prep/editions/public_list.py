"""A list on a public data set: split, ids and trials of a person follow from the names of list and person.

So everybody who downloads the data set builds the same edition. A scan that is missing takes its own rows
away and changes no other. The key of such a list is public, since anybody can build it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mriprivacy.data_prep.cohorts
from mriprivacy.data_prep.cohorts.bids import CohortError, Participant
from mriprivacy.data_prep.editions.edition_config import EditionConfig
from mriprivacy.data_prep.formats.problems import shown
from mriprivacy.data_prep.formats.secrets import keyed
from mriprivacy.data_prep.formats.tables.tsv import TableError, read_bytes

CARRIED = Path(mriprivacy.data_prep.cohorts.__file__).parent / "lists"
_MOST_BYTES = 10_000_000
_NAMED = 20  # missing people who are named in one line


@dataclass(frozen=True)
class PublicList:
    """Who is on a list, and the key by which everything is drawn.

    Attributes
    ----------
    name : str
        Of the list, such as `ixi-t1w-t2w`; the key of the hash.
    sites : mapping from subject to str
        Every person of the list, and the site that scanned them; empty where the table has no sites.
    dev_sites : tuple of str
        Sites whose people are `dev`; empty if people are drawn.
    """

    name: str
    sites: Mapping[str, str]
    dev_sites: tuple[str, ...] = ()

    @property
    def seed(self) -> int:
        """The seed of ids and nonce."""
        return int.from_bytes(keyed(self.name, "seed"), "big")

    def split_of(self, subject: str, dev_share: float) -> str:
        """Return `dev` or `eval`; who else is there does not matter.

        Examples
        --------
        >>> PublicList("example", {"sub-01": "A"}, ("A",)).split_of("sub-01", 0.5)
        'dev'
        """
        if self.dev_sites:
            return "dev" if self.sites[subject] in self.dev_sites else "eval"
        return (
            "dev"
            if int.from_bytes(keyed(self.name, "split", subject), "big") < dev_share * 2**256
            else "eval"
        )

    def place_of(self, probe: str, reference: str) -> bytes:
        """Return what the trials are sorted by; it depends on the pair alone."""
        return keyed(self.name, "trial", probe, reference)

    def present(self, people: Sequence[Participant]) -> tuple[Participant, ...]:
        """Return the people who are on the list."""
        return tuple(person for person in people if person.subject in self.sites)

    def describe(self, people: Sequence[Participant]) -> dict[str, Any]:
        """Return what `edition.json` says of the list: its name, how many are on it, who is missing."""
        present = {person.subject for person in people}
        missing = sorted(set(self.sites) - present)
        return {"name": self.name, "people": len(self.sites), "missing": missing}

    def remarks(self, people: Sequence[Participant]) -> tuple[str, ...]:
        """Name the people who are missing, and those who are not on the list."""
        listed = self.describe(people)
        lines = [f"list {self.name}: {len(self.sites) - len(listed['missing'])} of {len(self.sites)} people"]
        if listed["missing"]:
            lines[0] += (
                f"; missing: {_some(listed['missing'])}. Figures of another selection may not be compared"
            )
        if others := sorted({person.subject for person in people} - set(self.sites)):
            lines.append(f"list {self.name}: {len(others)} people are not on it, left out: {_some(others)}")
        return tuple(lines)


def read_public_list(config: EditionConfig) -> PublicList:
    """Read who is on the list of a config.

    Parameters
    ----------
    config : EditionConfig
        With `public_list`, `list_people` (a table, or the name of one that the kit carries) and `dev_sites`.

    Raises
    ------
    CohortError
        If the table is missing or wrong, or a site of `dev_sites` is not in it.

    Examples
    --------
    >>> ixi = read_public_list(EditionConfig(public_list="x", list_people="ixi"))
    >>> len(ixi.sites), ixi.sites["sub-IXI002"]
    (577, 'Guys')
    """
    carried = CARRIED / f"{config.list_people}.tsv"
    path = carried if carried.is_file() else Path(config.list_people)
    sites = _read_sites(path)
    known = sorted(set(sites.values()) - {""})
    if unknown := [site for site in config.dev_sites if site not in known]:
        raise CohortError(
            f"edition.dev_sites: {', '.join(map(shown, unknown))} is no site of {path.name}; expected some "
            f"of {', '.join(known) or 'none, since it has no column site'}"
        )
    return PublicList(config.public_list, sites, tuple(config.dev_sites))


def about_list(description: Mapping[str, Any]) -> str:
    """Return the paragraph of the datasheet about a public list; empty for any other edition."""
    if "list" not in description:
        return ""
    own = description["list"]
    missing = f"\nMissing here: {', '.join(own['missing'])}." if own["missing"] else ""
    present = own["people"] - len(own["missing"])
    return (
        f"This is the public list `{own['name']}`, {present} of its {own['people']} people.{missing}\n"
        "Anybody can build it from the public data set, key included. So its results are self-reported:\n"
        "it cannot be checked that a system was made without the key. Images of two sites are never\n"
        "compared.\n\n"
    )


def _read_sites(path: Path) -> dict[str, str]:
    """Return the site of every person of a table with columns participant_id and, where it is known, site."""
    try:
        text = read_bytes(path, _MOST_BYTES, str(path)).decode("utf-8-sig")
    except TableError as error:
        raise CohortError(f"edition.list_people: {error}") from error
    except UnicodeDecodeError as error:
        raise CohortError(f"edition.list_people: {path}: is not UTF-8 text; save it as UTF-8") from error
    head, *lines = [line.split("\t") for line in text.splitlines() if line.strip()] or [[]]
    if "participant_id" not in head:
        raise CohortError(
            f"{path}: no column participant_id; expected a table (TSV) of the people of the list"
        )
    own, site = head.index("participant_id"), head.index("site") if "site" in head else None
    if ragged := [number for number, cells in enumerate(lines, start=2) if len(cells) != len(head)]:
        raise CohortError(f"{path}: line {ragged[0]} has another number of cells than the header")
    sites = {cells[own]: "" if site is None else cells[site] for cells in lines}
    if len(sites) < len(lines) or not sites:
        raise CohortError(f"{path}: no person, or one named twice; expected every person once")
    return sites


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
