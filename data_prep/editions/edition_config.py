"""What an organizer decides about an edition."""

import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from typing import Any

from mriprivacy.data_prep.cohorts.bids import CohortError
from mriprivacy.data_prep.formats.fields import TRACKS, line
from mriprivacy.data_prep.formats.problems import shown
from mriprivacy.data_prep.formats.schema import CONTRASTS

PHOTOGRAPHS = "photographs"
# Where photographs without hair come from: nowhere, the cohort's own folder, the kit's
# `baselines.hair.removal`.
HAIR_REMOVALS = ("none", "given", "builtin")
# What decides upon splits and lists, and cannot be seen in them.
DESIGN = ("dev_share", "age_edges", "nonmated_per_probe")
# No defaults for real people: they decide under what terms they are published.
REQUIRED = ("id", "version", "licence", "citation")
_SYNTHETIC_ID = re.compile(r"synth(-.*)?")


@dataclass
class EditionConfig:
    """What an organizer decides about an edition.

    Attributes
    ----------
    id, version : str
        Together the name, `synth/2026.1`. The id is lower case letters, digits and `-`. Empty: not decided
        yet (`with_defaults`).
    tracks : list of str
        Some of `defacing`, `attack`, `attributes`.
    dev_share : float
        Share of the subjects whose labels are open, between 0 and 1.
    age_edges : list of int
        First year of every age group, ascending.
    nonmated_per_probe : int
        How many other subjects each probe is compared with, in groups of people; 0 for all.
    licence, citation : str
        Under what terms the released images may be used, and what to cite. Empty: not decided yet.
    authors : list of str
        The authors in `CITATION.cff`; empty for "the organizers of <id>".
    released : str
        Day of release, `2026-11-24`, as the organizer gives it: the same edition has the same bytes on any
        day, so no clock is read. Empty for none.
    contrast : str
        BIDS suffix of the scans: `T1w`, `T2w`, `FLAIR` or `PDw`.
    references : str
        What scans are compared with: `photographs`, or the same people's scans of another of these
        contrasts (an MRI-to-MRI edition, for cohorts without photographs).
    hair_removal : str
        Where the photographs of condition `bald` come from: `none` (the edition has no such condition),
        `given` (`CohortFiles.bald_photos`) or `builtin` (removed from the raw ones).
    supersedes : str
        Folder of the edition whose mistake this one fixes; empty for none. Its people stay in their splits
        (`plan_edition`), and it is marked (`challenge.release.versions`).
    protocol : dict
        Attacks, metrics, bootstrap and gates, passed on to `edition.json` as it is.
    seed : int
        Splits, ids, the order of every list and the nonce follow from it: the same cohort, config and seed
        give the same edition, byte for byte. So anyone with the seed and the cohort's subject names can
        rebuild the key. It is written nowhere in `public/`. For a real edition draw it anew, large enough
        that it cannot be tried out (`python -c "import secrets; print(secrets.randbits(128))"`), and keep it
        as secret as the key; with a short or published one, as in the demo, the key is only as hidden as a
        cohort anybody can generate. A corrected version keeps the seed and the id: another split of the
        same people would let labels of the old `dev` reveal those of the new `eval`.
    """

    id: str = ""
    version: str = ""
    tracks: list[str] = field(default_factory=lambda: list(TRACKS))
    dev_share: float = 0.5
    age_edges: list[int] = field(default_factory=lambda: [18, 30, 45, 60])
    nonmated_per_probe: int = 0
    licence: str = ""
    citation: str = ""
    authors: list[str] = field(default_factory=list)
    released: str = ""
    contrast: str = "T2w"
    references: str = PHOTOGRAPHS
    hair_removal: str = "given"
    supersedes: str = ""
    protocol: dict[str, Any] = field(default_factory=dict)
    seed: int = 0

    @property
    def reference_contrast(self) -> str:
        """BIDS suffix of references that are scans; empty where they are photographs."""
        return "" if self.references == PHOTOGRAPHS else self.references


def with_defaults(config: EditionConfig, synthetic: bool, distractors: bool = False) -> EditionConfig:
    """Return a config with nothing left open: defaults for synthetic people, none for real ones.

    Parameters
    ----------
    config : EditionConfig
        The organizer's decisions; what an edition that it supersedes decided is among them.
    synthetic : bool
        Whether the cohort declares that its people are synthetic.
    distractors : bool
        Whether there are photographs of distractors, who are always real.

    Raises
    ------
    CohortError
        If real people are to be published under terms, or a name, that were not given.

    Examples
    --------
    >>> with_defaults(EditionConfig(), synthetic=True).licence
    'CC0-1.0'
    >>> with_defaults(EditionConfig(id="ixi", version="1"), synthetic=False)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    mriprivacy.data_prep.cohorts.bids.CohortError: edition.licence, edition.citation not given; ...
    """
    if synthetic and not distractors:
        return replace(
            config,
            id=config.id or "synth",
            version=config.version or "2026.1",
            licence=config.licence or "CC0-1.0",
        )
    problems = []
    if missing := [f"edition.{name}" for name in REQUIRED if not getattr(config, name).strip()]:
        group = "the distractors" if synthetic else "the people"
        problems.append(
            f"{', '.join(missing)} not given; {group} in this edition are real, so nothing is filled in "
            '(dataset_description.json says "Synthetic": true for synthetic people): add '
            f"{' '.join(f'{name}=...' for name in missing)}"
        )
    if not synthetic and not config.supersedes and _SYNTHETIC_ID.fullmatch(config.id):
        problems.append(
            f"edition.id is {config.id!r}, a name for synthetic people; these are real: expected another"
        )
    if problems:
        raise CohortError(*problems)
    return config


def check_config(config: EditionConfig) -> None:
    """Raise CohortError with everything in a config from which no edition can be made."""
    problems = []
    if config.id and not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", config.id, re.ASCII):
        problems.append(
            f"edition.id is {config.id!r}; expected at most 40 lower case letters, digits and '-'"
        )
    if config.version and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.]{0,19}", config.version, re.ASCII):
        problems.append(f"edition.version is {config.version!r}; expected at most 20 letters, digits and '.'")
    if not config.tracks or len(set(config.tracks)) < len(config.tracks) or set(config.tracks) - set(TRACKS):
        problems.append(f"edition.tracks is {config.tracks}; expected one or more of {', '.join(TRACKS)}")
    if not 0 < config.dev_share < 1:
        problems.append(f"edition.dev_share is {config.dev_share}; expected a share between 0 and 1")
    edges = config.age_edges
    if not edges or edges[0] < 0 or any(a >= b for a, b in pairwise(edges)):
        problems.append(f"edition.age_edges is {edges}; expected ascending years, such as [18, 30, 45, 60]")
    if config.nonmated_per_probe < 0:
        problems.append(
            f"edition.nonmated_per_probe is {config.nonmated_per_probe}; expected 0 (all) or more"
        )
    if config.contrast not in CONTRASTS:
        problems.append(f"edition.contrast is {config.contrast!r}; expected one of {', '.join(CONTRASTS)}")
    others = [PHOTOGRAPHS, *(contrast for contrast in CONTRASTS if contrast != config.contrast)]
    if config.references not in others:
        problems.append(
            f"edition.references is {config.references!r}; expected {' or '.join(others)}: probes are "
            f"{config.contrast}"
        )
    if config.hair_removal not in HAIR_REMOVALS:
        problems.append(
            f"edition.hair_removal is {config.hair_removal!r}; expected one of {', '.join(HAIR_REMOVALS)}"
        )
    if config.released and not _is_day(config.released):
        problems.append(f"edition.released is {config.released!r}; expected a day, such as 2026-11-24")
    texts = [("licence", config.licence, 500), ("citation", config.citation, 2000)]
    for name, text, longest in [*texts, *(("authors", author, 200) for author in config.authors)]:
        if text and (wanted := line(longest)(text)) is not None:
            problems.append(f"edition.{name} is {shown(text)}; expected {wanted}")
    if problems:
        raise CohortError(*problems)


def _is_day(text: str) -> bool:
    with suppress(ValueError):
        return date.fromisoformat(text).isoformat() == text  # 20261124 and 2026-W48-2 are days, too
    return False
