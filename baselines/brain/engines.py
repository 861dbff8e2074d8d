"""Programs that draw the brain mask: the kit's own mixture, or deepbet's network where it is installed.

deepbet (Fisch and others, 2024; MIT) carries its weights in its wheel and needs torch, which the kit does not
bring: it is the extra `deepbet`.
"""

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from mriprivacy.baselines.alignment.template import bring
from mriprivacy.baselines.face.scan import Scan
from mriprivacy.extras import how_to_install
from mriprivacy.scoring.errors import SetupError

ENGINES = ("builtin", "deepbet")


class EngineError(SetupError):
    """A brain-mask engine that does not exist, is not installed, or finds nothing."""


def engine_version(engine: str) -> str:
    """Name an engine and its version, or say how to get it.

    Parameters
    ----------
    engine : str
        One of `ENGINES`.

    Returns
    -------
    str
        `builtin`, or `deepbet 1.0.2`.

    Raises
    ------
    EngineError
        If there is no such engine, or it is not installed.

    Examples
    --------
    >>> engine_version("builtin")
    'builtin'
    >>> engine_version("synthstrip")
    Traceback (most recent call last):
    mriprivacy.baselines.brain.engines.EngineError: protocol.brain_engine is 'synthstrip'; expected ...
    """
    if engine not in ENGINES:
        raise EngineError(f"protocol.brain_engine is {engine!r}; expected {' or '.join(ENGINES)}")
    if engine == "builtin":
        return engine
    try:
        _ = _deepbet()
        return f"deepbet {version('deepbet')}"
    except (ImportError, PackageNotFoundError) as error:
        raise EngineError(
            f"brain engine deepbet: not installed ({error}); take protocol.brain_engine=builtin, or install "
            f"deepbet, with torch, {how_to_install('deepbet')}"
        ) from error


def deepbet_mask(scan: Scan, grid: Scan) -> NDArray[np.bool_]:
    """Let deepbet find the brain.

    Parameters
    ----------
    scan : Scan
        A head, at its own resolution.
    grid : Scan
        The mask is on its voxels.

    Returns
    -------
    ndarray of bool, shape of `grid`

    Raises
    ------
    EngineError
        If it is not installed, or finds no brain.
    """
    engine_version("deepbet")
    image = nib.Nifti1Image(scan.data.astype(np.float32), scan.affine)
    try:
        _, mask, _ = _network().run(image)
    except Exception as error:  # asserts and indexes of an empty mask, memory
        if isinstance(error, MemoryError):
            raise
        raise EngineError(f"deepbet finds no brain ({type(error).__name__}: {error})") from error
    found = Scan(np.asarray(mask.dataobj, np.float32), np.asarray(mask.affine, np.float64))
    return bring(found, np.eye(4), grid, outside=0.0) > 0.5


def _deepbet() -> Any:
    import deepbet

    return deepbet


@cache
def _network() -> Any:
    """Load the networks once a process, on the CPU: another device gives other bits."""
    return _deepbet().BrainExtraction(no_gpu=True)
