"""Reference defacers: a scan in, a scan on the same grid out."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from baselines.defacers.blur import blur
from baselines.defacers.identity import identity
from baselines.defacers.niimath_deface import niimath_deface
from baselines.defacers.niimath_reface import niimath_reface
from baselines.defacers.problems import DefacerError
from baselines.defacers.registration import register
from baselines.defacers.skull_strip import skull_strip
from baselines.scan import Scan

__all__ = ["DEFACERS", "Defacer", "DefacerError", "deface", "register"]

Defacer = Callable[[Scan, Path | None], Scan]

DEFACERS: dict[str, Defacer] = {
    "identity": identity,
    "blur": blur,
    "niimath_deface": niimath_deface,
    "niimath_reface": niimath_reface,
    "skull_strip": skull_strip,
}


def deface(name: str, scan: Scan, cache: Path | None = None) -> Scan:
    """Run a reference defacer on a scan.

    Parameters
    ----------
    name : str
        One of `DEFACERS`.
    scan : Scan
        A head in any orientation, voxel size and contrast.
    cache : Path, optional
        Folder for registrations, shared by all defacers: nearly all of the time goes there, once a scan.

    Returns
    -------
    Scan
        Same shape, affine and data type as the input.

    Raises
    ------
    DefacerError
        If there is no such defacer, if it fails, if it gives back its input (all but `identity`), or another
        grid.

    Examples
    --------
    >>> deface("mask", Scan(np.zeros((16, 16, 16)), np.eye(4)))
    Traceback (most recent call last):
    baselines.defacers.problems.DefacerError: no defacer called 'mask'; there are: identity, blur, ...
    """
    if name not in DEFACERS:
        raise DefacerError(f"no defacer called {name!r}; there are: {', '.join(DEFACERS)}")
    defaced = DEFACERS[name](scan, cache)
    if (defaced.data.shape, defaced.data.dtype) != (scan.data.shape, scan.data.dtype) or not np.array_equal(
        defaced.affine, scan.affine
    ):
        raise DefacerError(f"{name} changed the grid, the affine or the data type of the scan")
    if name != "identity" and np.array_equal(defaced.data, scan.data):
        raise DefacerError(f"{name} gave the scan back unchanged: no face was found in its field of view")
    return defaced
