"""Counts of several hospitals as one: the risk of their people, each looked for in the own hospital."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mriprivacy.challenge.risk.control_rate import ControlledRisk, Counts, pool
from mriprivacy.challenge.risk.scan_checks import FAILURES
from mriprivacy.challenge.risk.shared_counts import AFTER, ATTRIBUTES, BEFORE, Question, SiteCounts
from mriprivacy.challenge.risk.singling_out import GalleryRisk, headline_gallery


@dataclass(frozen=True)
class PooledLinkage:
    """A recipient over the hospitals that tested it.

    Attributes
    ----------
    key : str
        What it holds, as in `recipients.Held`.
    trained : bool
        As in `recipients.Linkage`.
    sites, people : int
        Hospitals, and their people.
    curve : tuple of GalleryRisk
        After defacing, by the sizes of galleries that all these hospitals have.
    headline : GalleryRisk
        The largest gallery of at most half the people of the smallest of them.
    before : GalleryRisk or None
        The same before defacing; None where a hospital did not test it.
    attackers : int
        Those that all these hospitals tried.
    """

    key: str
    trained: bool
    sites: int
    people: int
    curve: tuple[GalleryRisk, ...]
    headline: GalleryRisk
    before: GalleryRisk | None
    attackers: int


@dataclass(frozen=True)
class PooledInference:
    """An attribute over the hospitals that tested it; the risk's lower end is 0: see `pooled`."""

    attribute: str
    sites: int
    people: int
    risk: ControlledRisk
    before: ControlledRisk | None


@dataclass(frozen=True)
class PooledFailures:
    """Scans with a kind of failure: at least so many, and hospitals that hide a count of few."""

    kind: str
    scans: int
    hidden: int


@dataclass(frozen=True)
class Pooled:
    """The report of several hospitals."""

    sites: tuple[SiteCounts, ...]
    linkage: tuple[PooledLinkage, ...]
    inferred: tuple[PooledInference, ...]
    failures: tuple[PooledFailures, ...]

    @property
    def people(self) -> int:
        """People of all hospitals."""
        return sum(one.people for one in self.sites)


def pooled(sites: Sequence[SiteCounts]) -> Pooled:
    """Return the report of several hospitals.

    Parameters
    ----------
    sites : sequence of SiteCounts
        One a hospital.

    Notes
    -----
    Counts are added, so the figures are those that one place would compute from the scores of all hospitals,
    each person looked for among those of the own hospital. Whether an attribute is predicted better than
    where values are exchanged takes the features, so no pooled attribute lies above 0.
    """
    asked = dict.fromkeys(
        (q.key, q.trained) for one in sites for q in one.rows if q.gallery and q.when == AFTER
    )
    failures = (
        PooledFailures(
            kind,
            sum(one.failures[kind] or 0 for one in sites),
            sum(one.failures[kind] is None for one in sites),
        )
        for kind in FAILURES
    )
    return Pooled(
        tuple(sites),
        tuple(one for key, trained in asked if (one := _linkage(key, trained, sites)) is not None),
        tuple(read for attribute in ATTRIBUTES if (read := _inference(attribute, sites)) is not None),
        tuple(failures),
    )


def added(question: Question, sites: Sequence[SiteCounts]) -> Counts | None:
    """Return the counts of one question over hospitals; None where one lacks it, or they share no attack."""
    rows = [one.rows.get(question) for one in sites]
    own = [row for row in rows if row is not None]
    if not own or len(own) < len(rows):
        return None
    shared = [name for name in own[0].tried if all(name in row.tried for row in own)]
    if not shared:
        return None
    tried = {name: pool([row.tried[name] for row in own]) for name in shared}
    return Counts(pool([row.chosen for row in own]), tried)


def _linkage(key: str, trained: bool, sites: Sequence[SiteCounts]) -> PooledLinkage | None:
    sizes = [
        {
            q.gallery: row.chosen.people
            for q, row in one.rows.items()
            if q[:2] == (key, trained) and q[3] == AFTER
        }
        for one in sites
    ]
    tested = [one for one, own in zip(sites, sizes, strict=True) if own]
    smallest = min(min(own.values()) for own in sizes if own)
    counts = {
        size: found
        for size in sorted(set.intersection(*(set(own) for own in sizes if own)))
        if (found := added(Question(key, trained, size, AFTER), tested)) is not None
    }
    wanted = headline_gallery(smallest)
    if wanted not in counts:
        return None
    before = added(Question(key, trained, wanted, BEFORE), tested)
    return PooledLinkage(
        key,
        trained,
        len(tested),
        counts[wanted].chosen.people,
        tuple(GalleryRisk(size, own.risk) for size, own in counts.items()),
        GalleryRisk(wanted, counts[wanted].risk),
        None if before is None else GalleryRisk(wanted, before.risk),
        len(counts[wanted].tried),
    )


def _inference(attribute: str, sites: Sequence[SiteCounts]) -> PooledInference | None:
    after, before = (Question(attribute, False, 0, when) for when in (AFTER, BEFORE))
    tested = [one for one in sites if after in one.rows]
    found, found_before = added(after, tested), added(before, tested)
    if found is None:
        return None
    return PooledInference(
        attribute,
        len(tested),
        found.chosen.people,
        _from_0(found.risk),
        None if found_before is None else _from_0(found_before.risk),
    )


def _from_0(risk: ControlledRisk) -> ControlledRisk:
    return replace(risk, risk=replace(risk.risk, low=0.0)) if risk.risk.bounded else risk
