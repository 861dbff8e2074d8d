"""What a synthetic cohort is made of: every number that decides its people and how hard it is."""

from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

from mriprivacy.data_prep.cohorts.bids import CohortError
from mriprivacy.data_prep.formats.schema import CONTRASTS
from mriprivacy.data_prep.formats.settings import setting, setting_problems

ACQUISITIONS = ("isotropic", "sagittal")
_age = partial(setting, at_least=18, at_most=90)
_share = partial(setting, at_least=0, at_most=1)
_rotation = partial(setting, at_least=0, at_most=30)
_DRIFT = "standard deviation of the change of each local shape weight between"


@dataclass
class PeopleSettings:
    """How people differ (`cohort.people`)."""

    age_min: int = _age(18, "youngest age, years; ages are drawn uniformly, both ends included")
    age_max: int = _age(90, "oldest age, years")
    shape_spread: float = _share(
        0.13,
        "standard deviation of local shape weights: how much faces differ within sex, age and ethnicity",
    )
    asymmetry: float = _share(
        0.04, "standard deviation of the difference between left and right side, same unit"
    )
    # The label is drawn with the components as chances.
    concentration: float = setting(
        0.3,
        "Dirichlet parameter of three ethnic components: near 0 each person has one, large a third of each",
        at_least=0.01,
        at_most=100,
    )
    balanced: bool = setting(False, "equal numbers of every sex, age group and ethnicity, instead of chance")
    age_edges: list[int] = setting([18, 30, 45, 60], "first year of every age group, for balanced cohorts")
    brain_individuality: float = _share(
        1.0, "how much brains, skulls and scalps differ; 0: everybody has one average brain, scaled"
    )


@dataclass
class ScanSettings:
    """How people are scanned (`cohort.scans`)."""

    contrasts: list[str] = setting(
        ["T2w"], "contrasts of each person, who does not move between them", choices=CONTRASTS
    )
    acquisition: str = setting(  # sagittal: axes P, S, R
        "isotropic", "isotropic voxels, or thick sagittal slices, stored as such", choices=ACQUISITIONS
    )
    spacing_mm: float = setting(
        1.5, "voxel size; of sagittal slices within the slice", at_least=0.5, at_most=5, unit="mm"
    )
    slice_mm: float = setting(
        3.0, "thickness of sagittal slices; no gap between them", at_least=0.5, at_most=8, unit="mm"
    )
    cut: float = _share(
        0.1,
        "share of scans whose field of view cuts the chin or an ear; never eyes, nose or mouth",
    )
    second_sessions: int = setting(
        0, "number of people who are scanned a second time, on another day", at_least=0
    )
    drift: float = _share(0.04, f"{_DRIFT} the sessions")
    expression: float = _share(0.2, "strength of the expression in the scanner; 0: none")
    open_eyes: float = _share(0.15, "share of scans with open eyes")
    pose_degrees: float = _rotation(4.0, "standard deviation of the head's rotation about each axis")
    noise: float = _share(0.05, "standard deviation of the noise, as a fraction of the grey-matter signal")
    pads: float = _share(0.2, "share of sessions whose pads press the ears to the head")
    motion: float = _share(0.1, "share of scans in which the head moves: ghosts and blur, front to back")
    dental: float = _share(0.05, "share of sessions with metal in teeth: holes in the picture around them")
    coil: float = setting(
        1.0, "strength of the coil's intensity profile; 0: even, 1: as it is", at_least=0, at_most=3
    )
    sites: int = setting(
        1, "sites whose scanners differ; each person is of one, whatever the person", at_least=1, at_most=2
    )


@dataclass
class PhotoSettings:
    """How people are photographed (`cohort.photos`)."""

    count: int = setting(1, "photographs of each person", at_least=1, at_most=99)
    pixels: int = setting(480, "width and height", at_least=50, at_most=4000, unit="pixels")
    years: float = setting(
        5.0, "photographs were taken up to this long before the scan", at_least=0, at_most=30, unit="years"
    )
    weight: float = _share(
        0.2, "standard deviation of the change in weight since; 1: the fattest face of the mesh data"
    )
    # Lying or standing, distortion, swelling.
    drift: float = _share(0.11, f"{_DRIFT} scan and photograph")
    expression: float = _share(0.8, "strength of the expression; 0: none")
    pose_degrees: float = _rotation(4.0, "standard deviation of the head's rotation about each axis")
    light: float = _share(
        1.0, "variation of lamps, their colours, exposure and background; 0: even light, a wall"
    )
    blur: float = _share(1.0, "faults of lens, sensor and file: blur, noise, vignette, JPEG; 0: none")
    glasses: float = _share(
        0.25, "share of people under 45 who wear glasses; older people wear them more often"
    )
    doppelgangers: bool = setting(
        True, "as many photographs of each person's doppelganger: same sex, age and ethnicity, all else anew"
    )


SYNTHETIC = "synthetic"


@dataclass
class SyntheticCohort:
    """A synthetic cohort (`cohort=synthetic`)."""

    subjects: int = setting(24, "number of people", at_least=1, at_most=1_000_000, only=SYNTHETIC)
    seed: int = setting(7, "the same seed gives the same people, scans and photographs", only=SYNTHETIC)
    people: PeopleSettings = field(default_factory=PeopleSettings)
    scans: ScanSettings = field(default_factory=ScanSettings)
    photos: PhotoSettings = field(default_factory=PhotoSettings)


def check_settings(config: SyntheticCohort) -> None:
    """Raise with every setting of which no people can be made.

    Raises
    ------
    CohortError
        One line a setting that is out of its range.

    Examples
    --------
    >>> check_settings(SyntheticCohort(subjects=0))
    Traceback (most recent call last):
    mriprivacy.data_prep.cohorts.bids.CohortError: cohort.subjects is 0; expected 1 to 1000000
    """
    problems = setting_problems(config, "cohort.")
    people, second = config.people, config.scans.second_sessions
    if people.age_max < people.age_min:
        problems.append(f"cohort.people.age_max is {people.age_max}; expected {people.age_min} to 90")
    if second > config.subjects:
        problems.append(f"cohort.scans.second_sessions is {second}; expected 0 to {config.subjects}")
    edges = people.age_edges
    if any(a >= b for a, b in pairwise(edges)):
        problems.append(f"cohort.people.age_edges is {edges}; expected ascending years, such as [18, 30, 45]")
    if problems:
        raise CohortError(*problems)
