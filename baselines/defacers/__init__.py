"""Reference defacers: a scan in, a scan on the same grid out.

`deface` runs one by name. Ours keep or change voxels under a registered mask (`masked`), paste an average
face (`reface`), or call a published program (`quickshear`, `command`). `template` and `registration` find
the face in a scan.
"""

import shlex
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np

from mriprivacy.baselines.alignment.registration import register
from mriprivacy.baselines.defacers.command import TOOLS, Tool, find, own_tool, run_tool, split, version_of
from mriprivacy.baselines.defacers.errors import DefacerError
from mriprivacy.baselines.defacers.masked import blur, identity, noise, remove_face, skull_strip, voxelize
from mriprivacy.baselines.defacers.quickshear import quickshear
from mriprivacy.baselines.defacers.reface import replace_face
from mriprivacy.baselines.face.scan import Scan

__all__ = ["DEFACERS", "TOOLS", "Defacer", "DefacerError", "deface", "described", "register"]

Defacer = Callable[[Scan, Path | None], Scan]

DEFACERS: dict[str, Defacer] = {
    "identity": identity,
    "blur": blur,
    "voxelize": voxelize,
    "noise": noise,
    "quickshear": quickshear,
    "remove_face": remove_face,
    "replace_face": replace_face,
    "skull_strip": skull_strip,
}
RANDOMISED: dict[str, Callable[[Scan, Path | None, int], Scan]] = {"noise": noise}  # by number of the draw
# Ours that have the name of a program and are not that program: how far is in docs/results/defacers.md.
AFTER = {
    "remove_face": "after niimath -deface, with a registration and a border of the kit",
    "replace_face": "after niimath -reface, with a registration, a face and a blend of the kit",
}


def deface(
    name: str,
    scan: Scan,
    cache: Path | None = None,
    command: str = "",
    options: str = "",
    draw: int = 1,
) -> Scan:
    """Run a defacer on a scan: one of ours, one of the known programs, or any command.

    Parameters
    ----------
    name : str
        One of `DEFACERS`, one of `TOOLS`, or `command`.
    scan : Scan
        A head in any orientation, voxel size and contrast.
    cache : Path, optional
        Folder for registrations, shared by all defacers: nearly all of the time goes there, once a scan.
    command : str
        For `command`: a command line with `{input}` and `{output}`.
    options : str
        More words for a program's command line.
    draw : int
        Which draw of one of `RANDOMISED`, from 1. A program draws by itself, if it does.

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
    mriprivacy.baselines.defacers.errors.DefacerError: no defacer called 'mask'; there are: ...
    """
    if name in RANDOMISED:
        defaced = RANDOMISED[name](scan, cache, draw)
    elif name in DEFACERS:
        defaced = DEFACERS[name](scan, cache)
    else:
        defaced = run_tool(_tool(name, command), scan, options)
    if (defaced.data.shape, defaced.data.dtype) != (scan.data.shape, scan.data.dtype) or not np.array_equal(
        defaced.affine, scan.affine
    ):
        raise DefacerError(f"{name} changed the grid, the affine or the data type of the scan")
    if name != "identity" and np.array_equal(defaced.data, scan.data):
        raise DefacerError(f"{name} gave the scan back unchanged: no face was found in its field of view")
    return defaced


def described(name: str, command: str = "", options: str = "") -> str:
    """Say what will deface: a program with its version, or what ours was written after.

    Called before any work, so that it fails early.

    Raises
    ------
    DefacerError
        If there is no such defacer, its program is not on PATH, or the options cannot be split.

    Examples
    --------
    >>> described("blur")
    'blur'
    >>> described("remove_face")
    'after niimath -deface, with a registration and a border of the kit'
    """
    if name == "quickshear":  # a program of others, too, that comes as a package
        return f"{name} (version {version(name)})"
    if name in DEFACERS:
        return AFTER.get(name, name)
    tool = _tool(name, command)
    more = [shlex.quote(word) for word in split("defacer.options", options)]
    find(tool)
    return " ".join([*tool.words, *more]) + f" (version {version_of(tool)})"


def _tool(name: str, command: str) -> Tool:
    if name == "command":
        return own_tool(command)
    if name not in TOOLS:
        known = ", ".join((*DEFACERS, *TOOLS, "command"))
        raise DefacerError(f"no defacer called {name!r}; there are: {known}")
    return TOOLS[name]
