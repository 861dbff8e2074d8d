"""A rehearsal on `dev`: its people are rated, as those of `eval` will be, on the participant's own machine.

The two splits change places. The key of `dev` is open; of `eval` nothing but images is used, where an
evaluation uses `dev`. So attackers that take scans as they come, that adapt to images of other people, and
that are cross-fitted rate a defacing system; those trained on the key of other people cannot. Scores and
predictions are the participant's, of the trials and probes of `dev`.
"""

from collections.abc import Mapping
from dataclasses import replace

from mriprivacy.challenge.attackers.linkage import people
from mriprivacy.challenge.edition.public import Edition, Pair
from mriprivacy.challenge.edition.sealed import SealedKey, SealedTrial
from mriprivacy.challenge.intake.submission import DefacingSubmission, Submission

_OTHER = {"dev": "eval", "eval": "dev"}


def asking_for_dev(edition: Edition) -> Edition:
    """Return an edition that asks for the scores and predictions of `dev`, and for the same scans.

    Parameters
    ----------
    edition : Edition
        The public side.

    Returns
    -------
    Edition
        For `challenge.intake.submission.received`: what intake compares with `eval` is `dev`. Splits keep
        their names, so that messages and folders of scans do.
    """
    return replace(edition, dev=edition.eval, eval=edition.dev)


def rehearsed(edition: Edition, submission: Submission) -> tuple[Edition, SealedKey, Submission]:
    """Return an edition, its key and a submission in which the people of `dev` are those to be rated.

    Parameters
    ----------
    edition : Edition
        The public side is all that is needed.
    submission : Submission
        Of any track: accepted by `asking_for_dev`; of defacing, with the scans of both splits.

    Returns
    -------
    edition, key, submission
        For a `Context` with `rehearsal`. There are no true brains and faces, as for real people, and no
        doppelgangers: all of these are sealed.
    """
    swapped = replace(
        edition,
        dev=replace(edition.eval, name="dev", key={}, attributes={}, distractor_trials=()),
        eval=replace(edition.dev, name="eval"),
    )
    if isinstance(submission, DefacingSubmission):
        scans = {(_OTHER[split], name): path for (split, name), path in submission.scans.items()}
        submission = replace(submission, scans=scans)
    return swapped, _open_key(edition), submission


def _open_key(edition: Edition) -> SealedKey:
    dev, who = edition.dev, people(edition.dev.key)
    named = [name for split in edition.splits.values() for name in (*split.probes, *split.references)]
    attributes = {who.get(probe, probe): own for probe, own in dev.attributes.items()}

    def matched(pair: Pair, mated: bool) -> bool:
        own, other = (attributes.get(who.get(name, name)) for name in pair)
        return mated or (own is not None and own == other)

    trials: Mapping[Pair, SealedTrial] = {
        pair: SealedTrial(mated, matched(pair, mated)) for pair, mated in dev.key.items()
    }
    subjects = {name: who.get(name, name) for name in named}
    return SealedKey(edition.root / "sealed", trials, dict(dev.attributes), subjects)
