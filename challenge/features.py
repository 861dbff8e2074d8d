"""Features of scans and photographs, made once and kept by the content of the file."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import baselines
from baselines.attacks import ATTACKS, Appearance, appearance_of_photo, appearance_of_scan, features
from baselines.network import load_model, weights_sha256
from baselines.photo import read_photo
from baselines.render import prepare_off_screen
from baselines.scan import read_scan
from challenge.work import Compute, run
from data_prep.files import whole_file


@dataclass
class Camera:
    """How scans become pictures: voxels of the reconstruction (mm) and edge of the pictures (pixels)."""

    spacing_mm: float = 1.0
    size: int = 400


@dataclass(frozen=True)
class Extraction:
    """What is taken from every image.

    Attributes
    ----------
    attacks : tuple of str
        Names of `baselines.attacks.ATTACKS`.
    model : str
        Face network of the attack `deepface`.
    camera : Camera
        For scans.
    cache : Path or None
        Folder in which features are kept under the hash of image and settings; None keeps nothing.
    renders : Path or None
        Folder for the pictures of scans, one PNG a view; None writes none.
    """

    attacks: tuple[str, ...] = ATTACKS
    model: str = "Dlib"
    camera: Camera = field(default_factory=Camera)
    cache: Path | None = None
    renders: Path | None = None


@dataclass(frozen=True)
class ImageFeatures:
    """Features of one scan or photograph.

    Attributes
    ----------
    acquired : bool
        Whether a face was found; if not, every vector is None.
    reason : str
        Why not.
    vectors : dict from attack to ndarray, shape (d,)
        Empty for a failure to acquire.
    """

    acquired: bool
    reason: str
    vectors: dict[str, NDArray[np.float64]]


def extract(
    paths: dict[str, Path], kind: str, extraction: Extraction, label: str, compute: Compute
) -> dict[str, ImageFeatures]:
    """Take features from scans (`kind` "scan") or photographs ("photo"), in parallel.

    Parameters
    ----------
    paths : dict from id to Path
        The images.
    kind : str
        `scan` or `photo`.
    extraction : Extraction
        What to take.
    label : str
        The step, as the progress bar shows it.
    compute : Compute
        Who does it.

    Returns
    -------
    dict from id to ImageFeatures
        In the order of `paths`.
    """
    # Before any work, so that what is missing is said at once.
    if "deepface" in extraction.attacks:
        load_model(extraction.model)
    if kind == "scan":
        prepare_off_screen()
    jobs = [_Job(name, path, kind, extraction) for name, path in paths.items()]
    return dict(zip(paths, run(_extract_one, jobs, label, compute), strict=True))


@dataclass(frozen=True)
class _Job:
    name: str
    path: Path
    kind: str
    extraction: Extraction


def _extract_one(job: _Job) -> ImageFeatures:
    folder = job.extraction.cache
    kept = folder / f"{_key(job)}.npz" if folder else None
    renders = job.extraction.renders if job.kind == "scan" else None
    if kept and kept.is_file() and renders is None:
        return _load(kept)
    appearance = _look(job)
    if renders is not None:
        write_renders(appearance, job.name, renders)
    result = _describe(appearance, job.extraction)
    if kept:
        with whole_file(kept) as temporary, temporary.open("wb") as stream:
            known = {"acquired": np.array(result.acquired), "reason": np.array(result.reason)}
            np.savez(stream, **(known | result.vectors))  # type: ignore[arg-type]
    return result


def _look(job: _Job) -> Appearance:
    if job.kind == "photo":
        return appearance_of_photo(read_photo(job.path))
    camera = job.extraction.camera
    return appearance_of_scan(read_scan(job.path), camera.spacing_mm, size=camera.size)


def _describe(appearance: Appearance, extraction: Extraction) -> ImageFeatures:
    if not appearance.acquired:
        return ImageFeatures(False, appearance.reason or "no face found", {})
    vectors = {attack: features(attack, appearance, extraction.model) for attack in extraction.attacks}
    return ImageFeatures(True, "", {name: vector for name, vector in vectors.items() if vector is not None})


def write_renders(appearance: Appearance, name: str, folder: Path) -> None:
    """Write the pictures of a scan as `<folder>/<name>_<number>.png`."""
    for number, picture in enumerate(appearance.pictures, start=1):
        with whole_file(folder / f"{name}_{number:02d}.png") as temporary:
            Image.fromarray(picture).save(temporary, format="PNG")


def _key(job: _Job) -> str:
    """Name what the features depend on: the bytes of the image, the settings, the weights, the code."""
    extraction = job.extraction
    depends = {
        "kind": job.kind,
        "attacks": extraction.attacks,
        "weights": weights_sha256(extraction.model) if "deepface" in extraction.attacks else None,
        "camera": asdict(extraction.camera) if job.kind == "scan" else None,
        "code": _code(),
    }
    digest = hashlib.sha256(json.dumps(depends, sort_keys=True).encode())
    digest.update(job.path.read_bytes())
    return digest.hexdigest()


@cache
def _code() -> str:
    """Hash the sources that make features, so that a changed attack never meets features of the old one."""
    digest = hashlib.sha256()
    for source in sorted(Path(baselines.__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _load(path: Path) -> ImageFeatures:
    with np.load(path, allow_pickle=False) as kept:
        vectors = {name: kept[name] for name in kept.files if name not in ("acquired", "reason")}
        return ImageFeatures(bool(kept["acquired"]), str(kept["reason"]), vectors)
