"""The tissues of a synthetic head: their labels, and their signal in four contrasts on four scanners."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mriprivacy.data_prep.synthetic import exact

# Name: proton density (water is 1), T1 and T2 at 3 T, ms. The place in this table is the label; the brain is
# last. Rounded from the ranges of Stanisz et al. (Magn. Reson. Med. 54, 2005) and Bojorquez et al. (Magn.
# Reson. Imaging 35, 2017); but T2 of fat, muscle and skin is what a turbo echo train makes of it, and flowing
# blood has no signal.
TISSUES: dict[str, tuple[float, float, float]] = {
    "air": (0.0, 1000, 50),
    "skin": (0.75, 950, 72),
    "fat": (0.65, 380, 120),
    "muscle": (0.80, 1200, 52),
    "fascia": (0.72, 700, 85),  # muscle with fat between its bundles
    "bone": (0.10, 900, 45),
    "marrow": (0.47, 600, 105),
    "tooth": (0.05, 900, 45),
    "tongue": (0.80, 1100, 62),
    "mucosa": (0.85, 1500, 150),
    "disc": (0.45, 1000, 75),
    "vessel": (0.0, 1600, 100),
    "sclera": (0.70, 1200, 50),
    "vitreous": (1.0, 4000, 1400),
    "lens": (0.60, 1200, 50),
    "nerve": (0.72, 850, 78),  # white matter of optic nerves and cord, outside the brain mask
    "fluid": (1.0, 4200, 1500),  # between brain and skull, and around the cord
    "csf": (1.0, 4200, 1500),  # within the brain's outline: ventricles and sulci
    "grey": (0.85, 1450, 100),
    "white": (0.72, 860, 78),
}
LABEL = {name: label for label, name in enumerate(TISSUES)}
# What a brain mask holds.
BRAIN = (LABEL["csf"], LABEL["grey"], LABEL["white"])
# What grey matter measures in every contrast before the receiver's gain.
GREY = 520.0


@dataclass(frozen=True)
class Sequence:
    """A pulse sequence.

    Attributes
    ----------
    repetition_ms, echo_ms : float
        TR and TE.
    inversion_ms : float
        TI of an inversion recovery; 0 for a spin echo without one.
    """

    repetition_ms: float
    echo_ms: float
    inversion_ms: float = 0.0


@dataclass(frozen=True)
class Scanner:
    """A scanner as far as its pictures show.

    Attributes
    ----------
    sequences : dict of str to Sequence
        By contrast.
    noise : float
        Times the noise of the settings.
    shading : tuple of float
        How much brighter its coil makes the borders of the field of view than the middle, along x, y, z
        (natural logarithm).
    """

    sequences: dict[str, Sequence]
    noise: float
    shading: tuple[float, float, float]


# FLAIR inverts so that fluid (T1 4200 ms) has no signal at the echo; PDw is the early echo of T2w.
_FIRST_SITE = (
    Scanner(
        {
            "T1w": Sequence(2400, 4, 1200),
            "T2w": Sequence(4000, 90),
            "FLAIR": Sequence(9000, 120, 2450),
            "PDw": Sequence(4000, 15),
        },
        0.95,
        (0.06, 0.06, 0.06),
    ),
    Scanner(
        {
            "T1w": Sequence(2200, 3, 1080),
            "T2w": Sequence(4600, 98),
            "FLAIR": Sequence(8000, 125, 2330),
            "PDw": Sequence(4600, 18),
        },
        1.05,
        (0.10, 0.03, 0.08),
    ),
)
# Another hospital: longer inversions, shorter trains, coils that shade more, one of them noisier.
_SECOND_SITE = (
    Scanner(
        {
            "T1w": Sequence(2000, 3, 1000),
            "T2w": Sequence(5200, 84),
            "FLAIR": Sequence(9500, 110, 2510),
            "PDw": Sequence(5200, 12),
        },
        1.3,
        (0.16, 0.12, 0.14),
    ),
    Scanner(
        {
            "T1w": Sequence(2250, 4, 1110),
            "T2w": Sequence(3600, 102),
            "FLAIR": Sequence(8500, 130, 2390),
            "PDw": Sequence(3600, 20),
        },
        0.85,
        (0.14, 0.05, 0.12),
    ),
)
# The scanners of each site of a cohort.
SITES = (_FIRST_SITE, _SECOND_SITE)
SCANNERS = _FIRST_SITE + _SECOND_SITE


def signals(sequence: Sequence) -> NDArray[np.float32]:
    """Return the signal of every label in a pulse sequence, shape (len(TISSUES),), grey matter at `GREY`.

    Examples
    --------
    >>> t1, t2 = (signals(SCANNERS[0].sequences[contrast]) for contrast in ("T1w", "T2w"))
    >>> bool(t1[LABEL["white"]] > t1[LABEL["grey"]] > t1[LABEL["csf"]])
    True
    >>> bool(t2[LABEL["white"]] < t2[LABEL["grey"]] < t2[LABEL["csf"]])
    True
    """
    density, t1, t2 = np.array(list(TISSUES.values())).T
    recovered = 1 - exact.exp(-sequence.repetition_ms / t1)
    if sequence.inversion_ms:
        recovered = 2 * (1 - exact.exp(-sequence.inversion_ms / t1)) - recovered
    signal = density * np.abs(recovered) * exact.exp(-sequence.echo_ms / t2)
    return np.asarray(GREY * signal / signal[LABEL["grey"]], np.float32)
