"""What recipients hold besides the release, and how well they link it: the kit's attackers, by what is held.

A risk is relative to its recipient. Each recipient is asked twice: with the scans as released, and with the
same scans before defacing, which shows what the attackers can do at all.
"""

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from mriprivacy.baselines.attacks.registry import make_attack
from mriprivacy.baselines.attacks.training.adapted import AdaptedError
from mriprivacy.baselines.attacks.training.informed import InformedError
from mriprivacy.challenge.attackers.cross_fitted import cross_fit
from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.attackers.linkage import adapt_to, linked, lowest
from mriprivacy.challenge.risk.control_rate import Floats
from mriprivacy.challenge.risk.scan_pairs import FEWEST_PEOPLE, ScanPair
from mriprivacy.challenge.risk.singling_out import SinglingOut, choose, single_out
from mriprivacy.scoring import Estimate, SmallSampleWarning, score_trials

NOTHING, PHOTOGRAPH, SCAN = "nothing", "photograph", "scan"
FEWEST_TRAINED = 12  # people: a third is left out, and eight have to remain
DRAWS = 500

_NEEDS = {NOTHING: "two released scans", PHOTOGRAPH: "a photograph", SCAN: "a second scan"}

Images = Mapping[str, ImageFeatures]


@dataclass(frozen=True)
class Held:
    """What a recipient holds of people, and the released scans in which it looks for them.

    Attributes
    ----------
    key : str
        `nothing`, `photograph` or `scan`.
    what : str
        In words.
    scans : mapping from scan to person
        Released scans, one a person.
    references : mapping from image to person
        Photographs, or scans by their name.
    """

    key: str
    what: str
    scans: Mapping[str, str]
    references: Mapping[str, str]

    @property
    def people(self) -> tuple[str, ...]:
        """People with both."""
        return tuple(sorted(set(self.scans.values()) & set(self.references.values())))


@dataclass(frozen=True)
class Linkage:
    """How well one recipient links the release.

    Attributes
    ----------
    key, what : str
        As in `Held`.
    trained : bool
        Whether the recipient also holds the same of other people of the release, and trains on it.
    people : int
        Who were looked for.
    after, before : SinglingOut or None
        In the scans as released, and before defacing; None where it was not tested.
    auc, auc_before : Estimate or None
        Area under the ROC of all pairs of people: 1 all are linked, 0.5 chance.
    attackers : tuple of str
        Those that were tried on the released scans.
    strongest : str
        The one that was chosen for most people.
    why_not : str
        Why it was not tested; else empty.
    """

    key: str
    what: str
    trained: bool
    people: int
    after: SinglingOut | None = None
    before: SinglingOut | None = None
    auc: Estimate | None = None
    auc_before: Estimate | None = None
    attackers: tuple[str, ...] = ()
    strongest: str = ""
    why_not: str = ""

    @property
    def able(self) -> bool:
        """Whether the attackers find people, before defacing or after: else a low risk shows nothing."""
        return any(one is not None and one.headline.risk.beyond_chance for one in (self.before, self.after))


def held_by_recipients(pairs: Sequence[ScanPair], photos: Mapping[str, str]) -> list[Held]:
    """Return what each recipient holds, of what the hospital gave.

    Parameters
    ----------
    pairs : sequence of ScanPair
        The release.
    photos : mapping from photograph to person
        Empty where none was given.
    """
    main = one_scan_each(pairs)
    first, second, how = _two_scans(pairs)
    return [
        Held(NOTHING, f"nothing but the release, linking two scans of a person ({how})", first, second),
        Held(PHOTOGRAPH, "a photograph of the person's face", main, dict(photos)),
        Held(SCAN, f"another scan of the person with its face ({how})", first, second),
    ]


def one_scan_each(pairs: Sequence[ScanPair]) -> dict[str, str]:
    """Return one scan of each person, of the kind that most people have, with its person."""
    common = [kind for kind, _ in Counter(pair.kind for pair in pairs).most_common()]
    found: dict[str, ScanPair] = {}
    for pair in sorted(pairs, key=lambda pair: (common.index(pair.kind), pair.session)):
        found.setdefault(pair.subject, pair)
    return {pair.name: subject for subject, pair in sorted(found.items())}


def _two_scans(pairs: Sequence[ScanPair]) -> tuple[dict[str, str], dict[str, str], str]:
    """Return two scans of people: of two sessions where enough people have them, else of two kinds."""
    by_person: dict[str, list[ScanPair]] = {}
    for pair in pairs:
        by_person.setdefault(pair.subject, []).append(pair)
    options: dict[tuple[str, str, bool], dict[str, tuple[str, str]]] = {}
    for subject, own in by_person.items():
        for one in own:
            for other in own:
                if one.kind == other.kind and one.session < other.session:
                    key = (one.kind, other.kind, True)
                elif one.session == other.session and one.kind < other.kind:
                    key = (one.kind, other.kind, False)
                else:
                    continue
                options.setdefault(key, {}).setdefault(subject, (one.name, other.name))
    enough = {key: found for key, found in options.items() if len(found) >= FEWEST_PEOPLE} or options
    if not enough:
        return {}, {}, "no second scan was given"
    key = max(enough, key=lambda key: (key[2], len(enough[key]), key))
    chosen = enough[key]
    how = f"{key[0] or 'scans'} of two sessions" if key[2] else f"{key[0]} against {key[1]}, one session"
    return (
        {one: subject for subject, (one, _) in chosen.items()},
        {other: subject for subject, (_, other) in chosen.items()},
        how,
    )


@dataclass(frozen=True)
class LinkQuestion:
    """One question: what is held, features of both sides after and before defacing, and the attacks."""

    held: Held
    after: tuple[Images, Images]
    before: tuple[Images, Images]
    attacks: tuple[str, ...]


def link_recipient(asked: LinkQuestion) -> list[Linkage]:
    """Return how well a recipient links the release, without training and with it.

    Returns
    -------
    list of Linkage
        Two; one where a recipient has nothing to train on.
    """
    held, people = asked.held, asked.held.people
    result = []
    for trained in (False, True) if held.key != NOTHING else (False,):
        least = FEWEST_TRAINED if trained else FEWEST_PEOPLE
        one = Linkage(held.key, held.what, trained, len(people))
        if len(people) < least:
            result.append(
                replace(
                    one, why_not=f"needs {least} people with {_NEEDS[held.key]}, {len(people)} were given"
                )
            )
            continue
        after, before = (
            score_people(held, *sides, asked.attacks, trained) for sides in (asked.after, asked.before)
        )
        if not after:
            result.append(replace(one, why_not="no attack can compare the two kinds of images untrained"))
            continue
        scores, chosen = choose(list(after.values()))
        best = list(after)[int(np.bincount(chosen).argmax())]
        own_before = choose(list(before.values()))[0] if before else None
        result.append(
            replace(
                one,
                after=single_out(scores, people, after),
                before=None if own_before is None else single_out(own_before, people, before),
                auc=_auc(scores),
                auc_before=None if own_before is None else _auc(own_before),
                attackers=tuple(after),
                strongest=best,
            )
        )
    return result


def score_people(
    held: Held, scans: Images, references: Images, attacks: Sequence[str], trained: bool
) -> dict[str, Floats]:
    """Return the scores of every attacker.

    Parameters
    ----------
    held : Held
        Who is looked for, and where.
    scans, references : mapping from id to ImageFeatures
        Of both sides.
    attacks : sequence of str
        As in `baselines.attacks.registry.make_attack`.
    trained : bool
        Whether attackers that are trained on the other people of the release are among them.

    Returns
    -------
    dict from attacker to ndarray, shape (n, n)
        Row: the person of whom the recipient holds something; column: the person of the scan; as
        `Held.people`. A person with several images counts with the best. Without a face the lowest score.
    """
    people = set(held.people)
    probes = {name: scans[name] for name, who in held.scans.items() if who in people}
    others = {name: references[name] for name, who in held.references.items() if who in people}
    subjects = {**{n: held.scans[n] for n in probes}, **{n: held.references[n] for n in others}}
    # Names of the two sides may be equal: the same scan stands on both.
    renamed = {f"held {name}": image for name, image in others.items()}
    who = {**{n: subjects[n] for n in probes}, **{f"held {n}": held.references[n] for n in others}}
    trials = [(scan, reference) for scan in probes for reference in renamed]
    found: dict[str, Floats] = {}
    for attack in attacks:
        if held.key != PHOTOGRAPH or make_attack(attack).comparable:
            found[f"{attack}, as it is"] = linked(attack, trials, probes, renamed)
            with suppress(AdaptedError):
                adapted = adapt_to(attack, probes, renamed)
                found[f"{attack}, adapted"] = linked(attack, trials, probes, renamed, adapted.similarity)
        if trained:
            with suppress(InformedError):
                found[f"{attack}, trained"] = cross_fit(attack, trials, probes, renamed, who)[0]
    return {name: _by_person(lowest(own), trials, who, held.people) for name, own in found.items()}


def _by_person(
    scores: Floats, trials: Sequence[tuple[str, str]], who: Mapping[str, str], people: Sequence[str]
) -> Floats:
    place = {name: i for i, name in enumerate(people)}
    table = np.full((len(people), len(people)), -np.inf)
    rows = [place[who[reference]] for _, reference in trials]
    columns = [place[who[scan]] for scan, _ in trials]
    np.maximum.at(table, (rows, columns), scores)
    return table


def _auc(scores: Floats) -> Estimate:
    who, whose = np.divmod(np.arange(scores.size), len(scores))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallSampleWarning)  # of linkability, which is not reported
        return score_trials(scores.ravel(), who == whose, who, whose, DRAWS).auc
