"""Photographs of distractors, people outside the cohort: Labeled Faces in the Wild, a folder a person."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mriprivacy.data_prep.cohorts.bids import CohortError
from mriprivacy.data_prep.formats.problems import shown
from mriprivacy.data_prep.formats.secrets import generator
from mriprivacy.data_prep.formats.settings import setting, setting_problems

SOURCES = ("none", "lfw")
SUFFIXES = (".jpg", ".jpeg", ".png")
# Where the people are, below the folder that is given: itself, or what archives and scikit-learn unpack to.
PLACES = ("", "lfw", "lfw_funneled", "lfw-deepfunneled", "lfw_home/lfw_funneled", "lfw_home/lfw")


@dataclass
class Distractors:
    """Extra references without a mated probe (`distractors=`)."""

    source: str = setting("none", "set by distractors=", choices=SOURCES, chosen=True)
    root: str = setting(
        "",
        "folder of LFW, one folder a person; empty: scikit-learn's data folder, with a download if needed",
        only=("lfw",),
    )
    count: int = setting(100, "number of people, one photograph of each", at_least=1, only=("lfw",))


def find_distractors(settings: Distractors, seed: int) -> Mapping[str, Path]:
    """Draw distractors and take the first photograph of each.

    Parameters
    ----------
    settings : Distractors
        Source, folder and number.
    seed : int
        Of the draw.

    Returns
    -------
    mapping from str to Path
        Photographs by the name of the person; empty for the source `none`.

    Raises
    ------
    CohortError
        If the source is unknown, the folder is not LFW's, or has fewer people.

    Examples
    --------
    >>> find_distractors(Distractors(), seed=0)
    {}
    >>> find_distractors(Distractors("lfw", "nowhere"), seed=0)
    Traceback (most recent call last):
    mriprivacy.data_prep.cohorts.bids.CohortError: nowhere: no such folder; expected LFW, one folder a person
    """
    if problems := setting_problems(settings, "distractors."):
        raise CohortError(*problems)
    if settings.source == "none":
        return {}
    root = Path(settings.root) if settings.root else _fetched()
    people = _people(root)
    if len(people) < settings.count:
        raise CohortError(f"{root}: {len(people)} people; distractors.count is {settings.count}")
    names = sorted(people)
    chosen = generator(seed, "distractors").choice(len(names), size=settings.count, replace=False)
    return {names[i]: people[names[i]] for i in sorted(chosen)}


def _people(root: Path) -> dict[str, Path]:
    """Return the first photograph of each person, by name."""
    if not root.is_dir():
        raise CohortError(f"{root}: no such folder; expected LFW, one folder a person")
    for place in PLACES:
        people: dict[str, Path] = {}
        for path in sorted((root / place).glob("*/*")):
            name = re.fullmatch(r"(.+)_\d{4}", path.stem)
            if name and name[1] == path.parent.name and path.suffix.lower() in SUFFIXES:
                people.setdefault(name[1], path)
        if people:
            return people
    inside = ", ".join(shown(path.name) for path in sorted(root.iterdir())[:3]) or "nothing"
    raise CohortError(
        f"{root}: not LFW; expected folders like George_W_Bush with George_W_Bush_0001.jpg in them, "
        f"found {inside}"
    )


def _fetched() -> Path:
    """Return scikit-learn's folder of LFW, which it downloads unless it is there."""
    from sklearn.datasets import fetch_lfw_people, get_data_home

    home = Path(get_data_home()) / "lfw_home"
    if not (home / "lfw_funneled").is_dir():
        try:
            fetch_lfw_people(min_faces_per_person=500, resize=0.1)  # loads few people, downloads all
        except (OSError, ValueError, RuntimeError) as error:
            raise CohortError(
                f"{home}: no LFW here, and scikit-learn could not download it ({type(error).__name__}: "
                f"{error}); unpack it yourself and give distractors.root=DIR"
            ) from error
    return home
