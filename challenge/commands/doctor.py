"""`mriprivacy doctor`: what works on this machine, and how to get the rest."""

import importlib.util
import os
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

import numpy as np

from mriprivacy.extras import how_to_install
from mriprivacy.scoring.errors import UserError

# Extra of the package, and the module by which it is known; deepbet is reported as a brain engine.
EXTRAS = {
    "age": "pyrage",
    "sign": "cryptography",
    "dask": "distributed",
    "slurm": "dask_jobqueue",
    "ray": "ray",
    "s3": "s3fs",
}
# On which programs of others are tried, and for how long.
HEAD = ("voxface", "templates/ConteCore2_50_T1w_2mm.nii.gz")
SECONDS = 600
ATLAS, ATLAS_MAPS = "datasets/data/mni_icbm152_{}_tal_nlin_sym_09a_converted.nii.gz", ("t1", "gm", "wm")


@dataclass
class DoctorSettings:
    """The command has no keys."""


@dataclass(frozen=True)
class Finding:
    """One line of the report: `state` is ok, missing (needed) or optional (not there, not needed)."""

    state: str
    what: str
    detail: str


def run(settings: DoctorSettings) -> None:
    """Print every finding; raise if something needed is missing."""
    checks: list[Callable[[], list[Finding]]] = [
        _machine,
        _folders,
        _pictures,
        _packages,
        _networks,
        _brains,
        _defacers,
        _hair,
        _extras,
    ]
    findings = [finding for check in checks for finding in check()]
    for finding in findings:
        print(f"{finding.state:<9} {finding.what:<22} {finding.detail}")
    missing = [f"doctor: {f.what} does not work: {f.detail}" for f in findings if f.state == "missing"]
    if missing:
        raise UserError(*missing)
    print("\neverything needed works; what is optional is only needed if you ask for it")


def _machine() -> list[Finding]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    free = shutil.disk_usage(".").free / 1e9
    python = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    return [
        Finding("ok", "mriprivacy", f"{version('mriprivacy')}, Python {python}, {cores} cores"),
        Finding("ok" if free > 2 else "missing", "disk", f"{free:.0f} GB free here; the demo needs 1"),
    ]


def _folders() -> list[Finding]:
    """Folders in which the kit keeps features and weights."""
    from mriprivacy.baselines.face.recognition.deepface_library import weights_folder
    from mriprivacy.challenge.compute.folders import cache_folder

    findings = []
    try:
        findings.append(Finding("ok", "cache", str(cache_folder(""))))
    except UserError as error:
        findings.append(Finding("missing", "cache", str(error)))
    weights = weights_folder()
    there = next(folder for folder in (weights, *weights.parents) if folder.exists())
    if not (there.is_dir() and os.access(there, os.W_OK)):
        detail = f"{there} cannot be written; set DEEPFACE_HOME to a folder of yours to add weights"
        findings.append(Finding("optional", "weights folder", detail))
    return findings


def _pictures() -> list[Finding]:
    """Draw a triangle: the compiler that drawing needs is a library with a binary for each machine."""
    from mriprivacy.drawing import draw

    try:
        shown = draw(np.array([[0.0, 0, 1], [0, 8, 1], [8, 0, 1]]), np.array([[0, 1, 2]]), 8).face
    except Exception as error:
        return [
            Finding("missing", "pictures", f"numba cannot compile here ({type(error).__name__}: {error})")
        ]
    if (shown == 0).sum() != 28:
        return [
            Finding("missing", "pictures", "a triangle of 28 pixels came out as another; reinstall numba")
        ]
    return [Finding("ok", "pictures", "drawn in software, the same on every machine")]


def _networks() -> list[Finding]:
    """Face networks whose weights are here, and in one line what the others would need."""
    from mriprivacy.baselines.attacks.face_network import DEMOGRAPHY_FILES, load_network
    from mriprivacy.baselines.attacks.networks import DEFAULT_NETWORKS, NETWORKS
    from mriprivacy.baselines.face.recognition.deepface_library import weights_folder
    from mriprivacy.baselines.face.weights import WeightsError

    folder = weights_folder()
    findings, absent = [], []
    for network in NETWORKS.values():
        name, weights = network.name, network.weights
        if not weights.package and not (folder / weights.file).is_file():
            absent.append(f"{name} ({weights.file})")
            continue
        try:
            findings.append(Finding("ok", f"network {name}", str(load_network(name))))
        except WeightsError as error:
            state = "missing" if name in DEFAULT_NETWORKS else "optional"
            findings.append(Finding(state, f"network {name}", str(error)))
    if absent:
        detail = (
            f"attack.model=...: downloaded at first use where the network allows, else put into {folder}: "
        )
        findings.append(Finding("optional", "other networks", detail + ", ".join(absent)))
    wanted = [name for name in DEMOGRAPHY_FILES.values() if not (folder / name).is_file()]
    if wanted:
        findings.append(
            Finding("optional", "age, sex, race", f"attack=demographics: likewise {', '.join(wanted)}")
        )
    return findings


def _brains() -> list[Finding]:
    """Say whether the brain engine that is an extra is there."""
    from mriprivacy.baselines.brain.engines import EngineError, engine_version

    try:
        return [Finding("ok", "brain engine", f"builtin, {engine_version('deepbet')}")]
    except EngineError as error:
        return [Finding("optional", "brain engine deepbet", str(error))]


def _defacers() -> list[Finding]:
    """Programs that the kit can call but does not bring; those on PATH are run on an average head."""
    from mriprivacy.baselines.alignment.template import package_file
    from mriprivacy.baselines.defacers import TOOLS, DefacerError
    from mriprivacy.baselines.defacers.command import find, run_tool, version_of
    from mriprivacy.baselines.face.scan import read_scan

    findings = []
    for name, tool in TOOLS.items():
        try:
            found = f"{find(tool)}, version {version_of(tool)}"
            head = read_scan(package_file(*HEAD))
            begin = time.monotonic()
            changed = float((run_tool(tool, head, seconds=SECONDS).data != head.data).mean())
            took = f"{found}; ran in {time.monotonic() - begin:.0f} s"
            if changed:
                findings.append(
                    Finding("ok", f"defacer {name}", f"{took}, changed {changed:.0%} of an average head")
                )
            else:
                findings.append(Finding("optional", f"defacer {name}", f"{took} and left the head as it is"))
        except DefacerError as error:
            findings.append(Finding("optional", f"defacer {name}", str(error)))
    return findings


def _hair() -> list[Finding]:
    """HairMapper is wherever `bald.root` says; there is nowhere to look."""
    detail = "bald=hairmapper bald.root=ITS_REPOSITORY bald.python=ITS_PYTHON says what is missing there"
    return [Finding("optional", "hair removal", f"builtin; {detail}")]


def _extras() -> list[Finding]:
    """Extras of the package: other engines, and editions at a URL."""
    findings = []
    for extra, module in EXTRAS.items():
        if importlib.util.find_spec(module):
            findings.append(Finding("ok", f"extra {extra}", f"{module} {version(module)}"))
        else:
            findings.append(Finding("optional", f"extra {extra}", how_to_install(extra)))
    return findings


def _packages() -> list[Finding]:
    """Files of packages that are installed for their data alone."""
    from mriprivacy.baselines.alignment.template import package_file
    from mriprivacy.baselines.face.weights import DLIB_DETECTOR, DLIB_LANDMARKS, packaged
    from mriprivacy.data_prep.synthetic.head.mesh import data_folder
    from mriprivacy.scoring.errors import SetupError

    checks: dict[str, Callable[[], object]] = {
        "dlib landmarks": partial(packaged, DLIB_LANDMARKS),
        "dlib face detector": partial(packaged, DLIB_DETECTOR),
        "defacing binary": lambda: package_file("niimath", "bin/niimath"),
        "face mask": lambda: package_file("pydeface", "data/facemask.nii.gz"),
        "average head": lambda: package_file(*HEAD),
        **{f"brain atlas, {one}": partial(package_file, "nilearn", ATLAS.format(one)) for one in ATLAS_MAPS},
        "parametric head": data_folder,
    }
    findings = []
    for what, locate in checks.items():
        try:
            findings.append(Finding("ok", what, str(locate())))
        except SetupError as error:
            findings.append(Finding("missing", what, str(error)))
    return findings
