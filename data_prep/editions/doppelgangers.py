"""Photographs of the doppelgangers of synthetic people: what an edition seals of them."""

from collections.abc import Sequence
from pathlib import Path

from mriprivacy.data_prep.cohorts.bids import CohortError, Participant
from mriprivacy.data_prep.cohorts.cohort_files import DOPPELGANGERS
from mriprivacy.data_prep.editions.release import PhotoItem
from mriprivacy.data_prep.formats.schema import SEALED_DOPPELGANGERS


def check_doppelgangers(people: Sequence[Participant], synthetic: bool) -> None:
    """Raise CohortError if a cohort of real people has any: its faces would be real, too."""
    if not synthetic and any(person.doppelgangers for person in people):
        raise CohortError(
            f"{DOPPELGANGERS}: photographs of doppelgangers, but the cohort does not declare its people "
            "synthetic; expected none: a person who resembles a real one is real, too"
        )


def doppelganger_photos(
    person: Participant, number: str, reference: str, hair_removal: str
) -> list[PhotoItem]:
    """Return a photograph of a doppelganger in every condition of the person's own, made in the same way.

    Parameters
    ----------
    person : Participant
        Whose doppelganger it is.
    number, reference : str
        The person's own photograph, in the cohort and as it is released.
    hair_removal : str
        As in `EditionConfig`.
    """
    shots = dict(person.doppelgangers[number])
    if hair_removal == "builtin":
        shots["bald"] = shots["raw"]
    return [
        PhotoItem(
            f"{person.subject}-doppelganger",
            "eval",
            reference,
            condition,
            source,
            Path("sealed", SEALED_DOPPELGANGERS, condition, f"{reference}.png"),
        )
        for condition, source in sorted(shots.items())
    ]
