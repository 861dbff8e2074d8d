"""What an organizer decides about an edition."""

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from mriprivacy.data_prep.cohorts.bids import CohortError
from mriprivacy.data_prep.formats import fields
from mriprivacy.data_prep.formats.fields import TRACKS
from mriprivacy.data_prep.formats.problems import shown
from mriprivacy.data_prep.formats.schema import SCAN_CONTRASTS
from mriprivacy.data_prep.formats.settings import setting, setting_problems

PHOTOGRAPHS = "photographs"
# Where photographs without hair come from: nowhere, the cohort's own folder, the kit's
# `baselines.hair.removal`.
HAIR_REMOVALS = ("none", "given", "builtin")
# What decides upon splits and lists, and cannot be seen in them.
DESIGN = ("dev_share", "age_edges", "nonmated_per_probe")
LIST_DESIGN = ("public_list", "dev_sites")  # the same, of a public list
# No defaults for real people: they decide under what terms they are published.
REQUIRED = ("id", "version", "licence", "citation")
_SYNTHETIC_ID = re.compile(r"synth(-.*)?")


@dataclass
class EditionConfig:
    """What an organizer decides about an edition."""

    id: str = setting(
        "", "name: lower case letters, digits and '-'; empty: synth, but real people need one that is given"
    )
    version: str = setting(
        "", "a corrected edition has another one, the same id and seed; empty: 2026.1, for real people none"
    )
    tracks: list[str] = setting(list(TRACKS), "tracks that take submissions", choices=TRACKS)
    dev_share: float = setting(0.5, "share of the subjects whose labels are open", above=0, below=1)
    age_edges: list[int] = setting([18, 30, 45, 60], "first year of every age group, ascending")
    nonmated_per_probe: int = setting(
        0, "number of other subjects that each probe is compared with; 0: all", at_least=0
    )
    licence: str = setting(
        "", "terms of use of the images, an SPDX name; empty: CC0-1.0, but for real people it must be given"
    )
    citation: str = setting("", "reference that users of the edition cite; real people need one")
    consent: str = setting("", "what real people agreed to, one line; it stands in the datasheet")
    authors: list[str] = setting([], "authors in CITATION.cff; empty: the organizers of <id>")
    orcids: list[str] = setting([], "ORCID iD of each author, in the same order; '' for one without")
    doi: str = setting("", "DOI of the edition, such as 10.5281/zenodo.7654321; empty: none")
    # As the organizer gives it: the same edition has the same bytes on any day, so no clock is used.
    released: str = setting("", "day of release, such as 2026-11-24; empty: none")
    contrast: str = setting("T2w", "BIDS suffix of the scans", choices=SCAN_CONTRASTS)
    references: str = setting(
        PHOTOGRAPHS,
        "images that scans are compared with: photographs, or scans of another contrast",
        choices=(PHOTOGRAPHS, *SCAN_CONTRASTS),
    )
    hair_removal: str = setting(
        "builtin",
        "photographs without hair: none, given (cohort.bald_photos), or builtin (made from the raw ones)",
        choices=HAIR_REMOVALS,
    )
    public_list: str = setting(
        "",
        "name of a list on public data, from which all is drawn instead of from the seed; the key is public",
    )
    list_people: str = setting(
        "", "who is on the list: a table with participant_id and perhaps site, or a name the kit carries: ixi"
    )
    dev_sites: list[str] = setting(
        [], "sites of the list whose people are dev, all others being eval; empty: dev_share of all"
    )
    supersedes: str = setting(
        "", "folder of the edition that this one corrects; settings that are not given are taken from it"
    )
    protocol: dict[str, Any] = field(default_factory=dict)  # passed on to `edition.json` as it is
    # Splits, ids, the order of every list and the nonce follow from it: the same cohort, config and seed give
    # the same edition, byte for byte. Seed and subjects' names are enough to rebuild the key, so the seed
    # stands nowhere in `public/`. A corrected version keeps it: another split of the same people would let
    # the labels of the old `dev` give away those of the new `eval`.
    seed: int = 0

    @property
    def alike_years(self) -> float:
        """How many years apart people of the matched list may be, by the protocol."""
        return float(self.protocol.get("alike_years", 5))

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


def design_of(config: EditionConfig) -> dict[str, Any]:
    """Return what decides upon splits and lists, by name."""
    names = (*DESIGN, *LIST_DESIGN) if config.public_list else DESIGN
    return {name: getattr(config, name) for name in names}


def check_config(config: EditionConfig) -> None:
    """Raise CohortError with everything in a config from which no edition can be made."""
    problems = setting_problems(config, "edition.")
    edges = config.age_edges
    if not edges or edges[0] < 0 or any(a >= b for a, b in pairwise(edges)):
        problems.append(f"edition.age_edges is {edges}; expected ascending years, such as [18, 30, 45, 60]")
    if config.references == config.contrast:
        others = [PHOTOGRAPHS, *(contrast for contrast in SCAN_CONTRASTS if contrast != config.contrast)]
        problems.append(
            f"edition.references is {config.references!r}; expected {' or '.join(others)}: probes are "
            f"{config.contrast}"
        )
    problems += _list_problems(config)
    if config.orcids and len(config.orcids) != len(config.authors):
        problems.append(
            f"edition.orcids has {len(config.orcids)}, edition.authors {len(config.authors)}; expected one "
            "for each author, '' for one without"
        )
    texts = [
        ("public_list", config.public_list, fields.edition_id),
        ("id", config.id, fields.edition_id),
        ("version", config.version, fields.version),
        ("released", config.released, fields.day),
        ("licence", config.licence, fields.line(500)),
        ("citation", config.citation, fields.line(2000)),
        ("consent", config.consent, fields.line(2000)),
        *(("authors", author, fields.line(200)) for author in config.authors),
        *(("orcids", one, fields.orcid) for one in config.orcids),
        ("doi", config.doi, fields.doi),
    ]
    for name, text, rule in texts:
        if text and (wanted := rule(text)) is not None:
            problems.append(f"edition.{name} is {shown(text)}; expected {wanted}")
    if problems:
        raise CohortError(*problems)


def _list_problems(config: EditionConfig) -> list[str]:
    """Say what does not fit together in the settings of a public list."""
    if not config.public_list:
        given = [name for name in ("list_people", "dev_sites") if getattr(config, name)]
        return [f"edition.{name} is given without edition.public_list; expected both" for name in given]
    problems = []
    if not config.list_people:
        problems.append("edition.list_people is missing; a public list needs the table of its people")
    if config.nonmated_per_probe:
        problems.append(
            f"edition.nonmated_per_probe is {config.nonmated_per_probe}; a public list has all pairs of "
            "a site: expected 0"
        )
    return problems
