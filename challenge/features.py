"""Features of scans and photographs, made once and kept by the content of the file."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import baselines
from baselines.attacks import ATTACKS, Appearance, appearance_of_photo, appearance_of_scan, features
from baselines.landmarks import Face
from baselines.network import load_model, weights_sha256
from baselines.photo import read_photo
from baselines.render import prepare_off_screen
from baselines.scan import read_scan
from challenge.errors import InputError
from challenge.guard import Lost, run_untrusted
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
        Folder in which faces and features are kept by content; None keeps nothing.
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
    lost : bool
        Whether it could not even be looked at (`challenge.guard.Lost`).
    """

    acquired: bool
    reason: str
    vectors: dict[str, NDArray[np.float64]]
    lost: bool = False


def extract(
    paths: dict[str, Path],
    kind: str,
    extraction: Extraction,
    label: str,
    compute: Compute,
    untrusted: bool = False,
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
    untrusted : bool
        Whether strangers sent the images: time and memory are limited, and one that is the end of a worker
        is a failure to acquire, and `lost`.

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
    if not untrusted:
        return dict(zip(paths, run(_extract_one, jobs, label, compute), strict=True))
    found = run_untrusted(_extract_one, jobs, label, compute)
    images = [ImageFeatures(False, f.reason, {}, lost=True) if isinstance(f, Lost) else f for f in found]
    return dict(zip(paths, images, strict=True))


@dataclass(frozen=True)
class _Job:
    name: str
    path: Path
    kind: str
    extraction: Extraction


def _extract_one(job: _Job) -> ImageFeatures:
    image = hashlib.sha256(job.path.read_bytes()).hexdigest()
    faces, reason = _faces(job, image)
    if not faces:
        return ImageFeatures(False, reason, {})
    return ImageFeatures(
        True, "", {name: _vector(job, image, name, faces) for name in job.extraction.attacks}
    )


def _faces(job: _Job, image: str) -> tuple[tuple[Face, ...], str]:
    """Return the faces of an image, or none and why: reconstruction, renders and detection, once for all."""
    camera = asdict(job.extraction.camera) if job.kind == "scan" else None
    kept = _kept(job, image, "faces", f"{job.kind} {camera}")
    renders = job.extraction.renders if job.kind == "scan" else None
    if kept and kept.is_file() and renders is None:
        with _readable(kept):
            return _load_faces(kept)
    appearance = _look(job)
    if renders is not None:
        write_renders(appearance, job.name, renders)
    reason = "" if appearance.found else appearance.reason or "no face found"
    if kept:
        _save_faces(kept, appearance.found, reason)
    return appearance.found, reason


def _look(job: _Job) -> Appearance:
    if job.kind == "photo":
        return appearance_of_photo(read_photo(job.path))
    camera = job.extraction.camera
    return appearance_of_scan(read_scan(job.path), camera.spacing_mm, size=camera.size)


def _vector(job: _Job, image: str, attack: str, faces: tuple[Face, ...]) -> NDArray[np.float64]:
    """Return the features of an image's faces by one attack."""
    model = job.extraction.model
    weights = weights_sha256(model) if attack == "deepface" else ""
    camera = asdict(job.extraction.camera) if job.kind == "scan" else None
    kept = _kept(job, image, "vector", f"{job.kind} {camera} {attack} {weights}")
    if kept and kept.is_file():
        with _readable(kept):
            return np.load(kept, allow_pickle=False)
    vector = features(attack, faces, model)
    if kept:
        with whole_file(kept) as temporary, temporary.open("wb") as stream:
            np.save(stream, vector)
    return vector


def write_renders(appearance: Appearance, name: str, folder: Path) -> None:
    """Write the pictures of a scan as `<folder>/<name>_<number>.png`."""
    for number, picture in enumerate(appearance.pictures, start=1):
        with whole_file(folder / f"{name}_{number:02d}.png") as temporary:
            Image.fromarray(picture).save(temporary, format="PNG")


def _kept(job: _Job, image: str, what: str, settings: str) -> Path | None:
    """Name a kept file by all it depends on: the bytes of the image, the settings, the weights, the code."""
    if job.extraction.cache is None:
        return None
    digest = hashlib.sha256(f"{image} {what} {settings} {_code()}".encode()).hexdigest()
    return job.extraction.cache / f"{what}-{digest}"


@cache
def _code() -> str:
    """Hash the sources that make features, so that a changed attack never meets features of the old one."""
    digest = hashlib.sha256()
    for source in sorted(Path(baselines.__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


@contextmanager
def _readable(kept: Path) -> Iterator[None]:
    try:
        yield
    except (ValueError, EOFError, KeyError, BadZipFile) as error:
        raise InputError(f"{kept}: was kept from an earlier run and cannot be read; remove it") from error


def _save_faces(path: Path, faces: tuple[Face, ...], reason: str) -> None:
    arrays = {
        "landmarks": np.array([face.landmarks for face in faces]),
        "chips": np.array([face.chip for face in faces]),
        "confidence": np.array([face.confidence for face in faces]),
        "count": np.array([face.count for face in faces]),
        "reason": np.array(reason),
    }
    with whole_file(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type]


def _load_faces(path: Path) -> tuple[tuple[Face, ...], str]:
    with np.load(path, allow_pickle=False) as kept:
        columns = (kept[name] for name in ("landmarks", "chips", "confidence", "count"))
        faces = [Face(points, chip, float(c), int(n)) for points, chip, c, n in zip(*columns, strict=True)]
        return tuple(faces), str(kept["reason"])
