"""What a synthetic cohort is made of: every number that decides its people and how hard it is."""

from dataclasses import dataclass, field
from itertools import pairwise

from mriprivacy.data_prep.cohorts.bids import CohortError
from mriprivacy.data_prep.formats.schema import CONTRASTS

ACQUISITIONS = ("isotropic", "sagittal")


@dataclass
class PeopleSettings:
    """How people differ (`cohort.people`).

    Attributes
    ----------
    age_min, age_max : int
        Ages in years, drawn uniformly, both included.
    shape_spread : float
        Standard deviation of local shape weights: how much faces differ within sex, age and ethnicity.
    asymmetry : float
        Standard deviation of what the left side has more than the right one, same unit.
    concentration : float
        Of the symmetric Dirichlet distribution of the three ethnic components: near 0 each person is of one,
        large each is a third of each. The label is drawn with the components as chances.
    balanced : bool
        Equal numbers of every sex, age group and ethnicity, instead of chance.
    age_edges : list of int
        First year of every age group, ascending; for `balanced` alone.
    """

    age_min: int = 18
    age_max: int = 90
    shape_spread: float = 0.13
    asymmetry: float = 0.04
    concentration: float = 0.3
    balanced: bool = False
    age_edges: list[int] = field(default_factory=lambda: [18, 30, 45, 60])


@dataclass
class ScanSettings:
    """How people are scanned (`cohort.scans`).

    Attributes
    ----------
    contrasts : list of str
        Some of `T1w`, `T2w`, `FLAIR`, `PDw`.
    acquisition : str
        `isotropic`, or `sagittal`: thick sagittal slices, stored as such (axes P, S, R).
    spacing_mm : float
        Voxel size, mm; of sagittal slices that within the slice.
    slice_mm : float
        Thickness of sagittal slices, mm; no gap between them.
    cut : float
        Share of the scans whose field of view cuts the chin or an ear; never eyes, nose or mouth.
    second_sessions : int
        How many of the people are scanned a second time, on another day.
    drift : float
        Standard deviation of what changes in each local shape weight until the second session.
    expression : float
        Strength of the expression in the scanner, 0 (none) to 1.
    open_eyes : float
        Share of the scans with open eyes.
    pose_degrees : float
        Standard deviation of the head's rotation about each axis.
    noise : float
        Standard deviation of the noise, as a fraction of the grey-matter signal.
    """

    contrasts: list[str] = field(default_factory=lambda: ["T2w"])
    acquisition: str = "isotropic"
    spacing_mm: float = 1.5
    slice_mm: float = 3.0
    cut: float = 0.1
    second_sessions: int = 0
    drift: float = 0.04
    expression: float = 0.2
    open_eyes: float = 0.15
    pose_degrees: float = 4.0
    noise: float = 0.05


@dataclass
class PhotoSettings:
    """How people are photographed (`cohort.photos`).

    Attributes
    ----------
    count : int
        Photographs of each person.
    pixels : int
        Width and height.
    drift : float
        Standard deviation of what changes in each local shape weight between scan and photograph: years,
        weight, lying or standing, distortion.
    expression : float
        Strength of the expression, 0 (none) to 1.
    pose_degrees : float
        Standard deviation of the head's rotation about each axis.
    light : float
        How much lamps, their colours, exposure and background differ, 0 (even light, a wall) to 1.
    blur : float
        Faults of lens, sensor and file: blur, noise, vignette, JPEG; 0 (none) to 1.
    glasses : float
        Share of people under 45 who wear glasses; older ones wear them more often.
    """

    count: int = 1
    pixels: int = 480
    drift: float = 0.11
    expression: float = 0.8
    pose_degrees: float = 4.0
    light: float = 1.0
    blur: float = 1.0
    glasses: float = 0.25


@dataclass
class SyntheticCohort:
    """A synthetic cohort (`cohort=synthetic`).

    Attributes
    ----------
    subjects : int
        How many people.
    seed : int
        The same seed gives the same people, scans and photographs.
    people : PeopleSettings
        How they differ.
    scans : ScanSettings
        How they are scanned.
    photos : PhotoSettings
        How they are photographed.
    """

    subjects: int = 24
    seed: int = 7
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
    limits = {
        "subjects": (config.subjects, 1, 1_000_000),
        "people.age_min": (config.people.age_min, 18, 90),
        "people.age_max": (config.people.age_max, config.people.age_min, 90),
        "people.shape_spread": (config.people.shape_spread, 0, 1),
        "people.asymmetry": (config.people.asymmetry, 0, 1),
        "people.concentration": (config.people.concentration, 0.01, 100),
        "scans.spacing_mm": (config.scans.spacing_mm, 0.5, 5),
        "scans.slice_mm": (config.scans.slice_mm, 0.5, 8),
        "scans.cut": (config.scans.cut, 0, 1),
        "scans.second_sessions": (config.scans.second_sessions, 0, config.subjects),
        "scans.drift": (config.scans.drift, 0, 1),
        "scans.expression": (config.scans.expression, 0, 1),
        "scans.open_eyes": (config.scans.open_eyes, 0, 1),
        "scans.pose_degrees": (config.scans.pose_degrees, 0, 30),
        "scans.noise": (config.scans.noise, 0, 1),
        "photos.count": (config.photos.count, 1, 99),
        "photos.pixels": (config.photos.pixels, 50, 4000),
        "photos.drift": (config.photos.drift, 0, 1),
        "photos.expression": (config.photos.expression, 0, 1),
        "photos.pose_degrees": (config.photos.pose_degrees, 0, 30),
        "photos.light": (config.photos.light, 0, 1),
        "photos.blur": (config.photos.blur, 0, 1),
        "photos.glasses": (config.photos.glasses, 0, 1),
    }
    problems = [
        f"cohort.{name} is {value}; expected {low} to {high}"
        for name, (value, low, high) in limits.items()
        if not low <= value <= high
    ]
    contrasts = config.scans.contrasts
    if not contrasts or len(set(contrasts)) < len(contrasts) or set(contrasts) - set(CONTRASTS):
        problems.append(f"cohort.scans.contrasts is {contrasts}; expected some of {', '.join(CONTRASTS)}")
    if config.scans.acquisition not in ACQUISITIONS:
        problems.append(
            f"cohort.scans.acquisition is {config.scans.acquisition!r}; expected one of "
            f"{', '.join(ACQUISITIONS)}"
        )
    edges = config.people.age_edges
    if any(a >= b for a, b in pairwise(edges)):
        problems.append(f"cohort.people.age_edges is {edges}; expected ascending years, such as [18, 30, 45]")
    if problems:
        raise CohortError(*problems)
