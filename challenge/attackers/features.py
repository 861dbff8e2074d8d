"""Features of scans and photographs, made once and kept by the content of the file."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mriprivacy.baselines.alignment.placed_faces import placed_faces, upright
from mriprivacy.baselines.alignment.presence import presence, turn_of
from mriprivacy.baselines.attacks.own_code import by_cause, called, fault, is_own, line_of, wrong_numbers
from mriprivacy.baselines.attacks.registry import Attack, make_attack
from mriprivacy.baselines.face.appearance import Appearance, Look, appearance_of_photo, appearance_of_surface
from mriprivacy.baselines.face.landmarks import Face
from mriprivacy.baselines.face.nose_check import FLAT_NOSE_MM, why_no_face
from mriprivacy.baselines.face.photo import read_photo
from mriprivacy.baselines.face.scan import read_scan
from mriprivacy.baselines.face.surface import SurfaceError, reconstruct
from mriprivacy.baselines.face.views import make_views
from mriprivacy.challenge.compute.code_hash import code_of
from mriprivacy.challenge.compute.parallel import Compute, Lost, run
from mriprivacy.challenge.compute.sandbox import run_untrusted
from mriprivacy.challenge.edition.protocol import Rendering
from mriprivacy.data_prep.formats.atomic import whole_file
from mriprivacy.scoring.errors import SetupError, UserError

_MADE_BY = (
    "mriprivacy.baselines.face.appearance",
    "mriprivacy.baselines.alignment.placed_faces",
    "mriprivacy.baselines.alignment.presence",
    "mriprivacy.baselines.attacks.registry",
    "mriprivacy.baselines.face.photo",
)  # and what they import


class VectorError(UserError):
    """Features that cannot be compared; unlike an `AttackError`, the image may be the cause."""


@dataclass(frozen=True)
class Extraction:
    """What is taken from every image.

    Attributes
    ----------
    attacks : tuple of str
        Names for `baselines.attacks.registry.make_attack`.
    camera : Rendering
        For scans.
    cache : Path or None
        Folder in which faces and features are kept by content; None keeps nothing.
    renders : Path or None
        Folder for the pictures of scans, one PNG a view; None writes none.
    """

    attacks: tuple[str, ...] = ("geo", "deepface")
    camera: Rendering = field(default_factory=Rendering)
    cache: Path | None = None
    renders: Path | None = None


@dataclass(frozen=True)
class ImageFeatures:
    """Features of one scan or photograph.

    Attributes
    ----------
    acquired : bool
        Whether a face was found, and can be one: a nose stands out of the surface under its landmarks
        (`baselines.face.nose_check.why_no_face`).
    reason : str
        Why not.
    vectors : dict from attack to ndarray, shape (d,)
        Those there are, of whatever the detector fired on; of a scan in which it did not, of the place where
        the average head has its face (`baselines.alignment.placed_faces`).
    lost : bool
        Whether it could not even be looked at (`challenge.compute.sandbox.Lost`).
    checks : dict from str to float
        Whether a face can be there (`baselines.attacks.registry.Appearance.checks`).
    faceless : dict from attack to ndarray, shape (d,)
        Of an image that is not acquired: what attacks return when they are given no face.
    """

    acquired: bool
    reason: str
    vectors: dict[str, NDArray[np.float64]]
    lost: bool = False
    checks: dict[str, float] = field(default_factory=dict)
    faceless: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    @property
    def without_nose(self) -> bool:
        """Whether the detector fired where no nose stands out: on what defacing left."""
        return bool(_no_face(self.checks)) and self.checks["nose_mm"] < FLAT_NOSE_MM

    def as_acquired(self) -> "ImageFeatures":
        """Return what is known to an attacker that does not take other things for faces."""
        return self if self.acquired else replace(self, vectors=self.faceless)


def extract(
    paths: dict[str, Path],
    kind: str,
    extraction: Extraction,
    label: str,
    compute: Compute,
    untrusted: bool = False,
    heads: Mapping[str, NDArray[np.float64]] = MappingProxyType({}),
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
        The workers.
    untrusted : bool
        Whether the images are from outside: time and memory are limited. One that ends its worker is a
        failure to acquire, and `lost`.
    heads : mapping from id to ndarray, shape (4, 4)
        World of the scan -> world of the average head, mm, where it is known; other scans are registered
        where that is needed.

    Returns
    -------
    dict from id to ImageFeatures
        In the order of `paths`.

    Raises
    ------
    VectorError
        If an attack of your own fails or returns anything but finite numbers in one row, of one length for
        all images; the line names its file and line, and of equal ones the first image. Of one untrusted
        image only the length ends the run, all else costs that image.
    """
    for name in extraction.attacks:  # before any work, so that what is missing is reported at once
        _ = _attack(name).settings
    if kind == "scan":
        make_views(extraction.camera.views, extraction.camera.lights)
    jobs = [_FeatureJob(name, path, kind, extraction, heads.get(name)) for name, path in paths.items()]
    if untrusted:
        found = run_untrusted(_extract_one, jobs, label, compute)
        images = [ImageFeatures(False, f.reason, {}, lost=True) if isinstance(f, Lost) else f for f in found]
    else:
        try:
            images = run(_extract_one, jobs, label, compute)
        except UserError as error:  # one of an attack's is met again in every image
            raise UserError(*by_cause(error.problems, map(str, paths.values()))) from error
    _require_one_length(extraction.attacks, paths, images)
    return dict(zip(paths, images, strict=True))


def _require_one_length(
    attacks: Iterable[str], paths: dict[str, Path], images: Sequence[ImageFeatures]
) -> None:
    """Require that features of one kind of images can be compared: as many numbers for each."""
    problems = []
    for attack in attacks:
        first: dict[int, Path] = {}
        for path, image in zip(paths.values(), images, strict=True):
            if attack in image.vectors:
                first.setdefault(len(image.vectors[attack]), path)
        if len(first) > 1:
            lengths = ", ".join(f"{length} ({path})" for length, path in first.items())
            where = line_of(_attack(attack).embed) if is_own(attack) else ""
            problems.append(fault(attack, where, f"numbers an image are {lengths}; expected as many of each"))
    if problems:
        raise VectorError(*problems)


@dataclass(frozen=True)
class _FeatureJob:
    name: str
    path: Path
    kind: str
    extraction: Extraction
    scan_to_head: NDArray[np.float64] | None = None

    @property
    def settings(self) -> str:
        """What decides which faces are seen, but for the image and the code, as text."""
        if self.kind != "scan":
            return f"{self.kind} None"
        placed = "" if self.scan_to_head is None else f" {self.scan_to_head.tolist()}"
        return f"{self.kind} {asdict(self.extraction.camera)}{placed}"


def _extract_one(job: _FeatureJob) -> ImageFeatures:
    image = hashlib.sha256(job.path.read_bytes()).hexdigest()
    faces, reason, checks = _faces(job, image)
    look = Look(job.kind, faces, partial(read_scan, job.path))  # one for all attacks: they remember it
    found = _vectors(job, image, look)
    if reason := reason or _no_face(checks):
        faceless = _vectors(job, image, replace(look, faces=()))
        return ImageFeatures(False, reason, found, checks=checks, faceless=faceless)
    return ImageFeatures(True, "", found, checks=checks)


def _no_face(checks: dict[str, float]) -> str:
    """Say why the face that was found in a scan can be none; nothing if it can, or if none was found."""
    return why_no_face(checks["nose_mm"]) if checks.get("views_with_face") else ""


def _vectors(job: _FeatureJob, image: str, look: Look) -> dict[str, NDArray[np.float64]]:
    vectors = {name: _vector(job, image, name, look) for name in job.extraction.attacks}
    return {name: vector for name, vector in vectors.items() if vector is not None}


def _faces(job: _FeatureJob, image: str) -> tuple[tuple[Face, ...], str, dict[str, float]]:
    """Return the faces of an image, why none was detected, and the checks.

    Reconstruction, renders, detection; of a scan without a detected face, those where one must have been.
    """
    kept = _kept(job, image, "faces", job.settings)
    renders = job.extraction.renders if job.kind == "scan" else None
    if kept and kept.is_file() and renders is None:
        with readable(kept):
            return _load_faces(kept)
    appearance, placed = _look(job)
    if renders is not None:
        write_renders(appearance, job.name, renders)
    faces, checks, reason = appearance.found, appearance.checks, ""
    if not faces:
        reason = appearance.reason or "no face found"
        faces = placed
        checks = checks | {"views_placed": float(len(faces))}
    if kept:
        _save_faces(kept, faces, reason, checks)
    return faces, reason, checks


def _look(job: _FeatureJob) -> tuple[Appearance, tuple[Face, ...]]:
    """Return what an image shows; of a scan without a detected face also those where one must have been."""
    if job.kind == "photo":
        return appearance_of_photo(read_photo(job.path)), ()
    camera, scan = job.extraction.camera, read_scan(job.path)
    views = make_views(camera.views, camera.lights)
    try:
        surface = reconstruct(scan, camera.spacing_mm)
    except SurfaceError as error:
        return Appearance((), (), str(error)), ()
    seen = appearance_of_surface(surface, views, camera.size)
    if 2 * len(seen.found) >= len(views):
        return seen, ()
    head = job.scan_to_head
    if head is None:
        head = presence(scan, job.extraction.cache).scan_to_head
    if head is None:
        return seen, ()
    # A head that nods far or lies aside is looked at again as the average head stands.
    again = appearance_of_surface(upright(surface, head), views, camera.size)
    if len(again.found) > len(seen.found):
        seen = replace(again, checks=again.checks | {"turned_degrees": turn_of(head)})
    return seen, () if seen.found else placed_faces(surface, head, views, camera.size)


def _vector(job: _FeatureJob, image: str, name: str, look: Look) -> NDArray[np.float64] | None:
    """Return the features of an image by one attack; an empty array is kept for none."""
    attack = _attack(name)
    code = code_of(type(attack).__module__)  # of one of your own with what it imports
    settings = f"{job.settings} {len(look.faces)} {name} {attack.settings} {code}"
    kept = _kept(job, image, "vector", settings)
    if kept and kept.is_file():
        with readable(kept):
            vector = np.load(kept, allow_pickle=False)
    else:
        found = called(name, VectorError, f"{job.path}: embed failed", attack.embed, look)
        vector = np.zeros(0) if found is None else _checked(found, attack, name, job.path)
        if kept:
            with whole_file(kept) as temporary, temporary.open("wb") as stream:
                np.save(stream, vector)
    return vector if vector.size else None


def _checked(found: object, attack: Attack, name: str, path: Path) -> NDArray[np.float64]:
    """Return features as numbers in one row, or say what else an attack returned of which image."""
    what = wrong_numbers(found, 1)
    if what:
        expected = "expected finite numbers in one row, or None where there are none"
        where = line_of(attack.embed) if is_own(name) else ""
        raise VectorError(fault(name, where, f"{path}: embed returned {what}; {expected}"))
    return np.asarray(found, np.float64)


@cache
def _attack(name: str) -> Attack:
    """Make an attack once a process: networks are slow to load."""
    return make_attack(name)


def write_renders(appearance: Appearance, name: str, folder: Path) -> None:
    """Write the pictures of a scan as `<folder>/<name>_<number>.png`."""
    for number, picture in enumerate(appearance.pictures, start=1):
        with whole_file(folder / f"{name}_{number:02d}.png") as temporary:
            Image.fromarray(picture).save(temporary, format="PNG")


def _kept(job: _FeatureJob, image: str, what: str, settings: str) -> Path | None:
    """Name a kept file by all it depends on: the image's bytes, settings, weights, code and libraries."""
    if job.extraction.cache is None:
        return None
    digest = hashlib.sha256(f"{image} {what} {settings} {code_of(*_MADE_BY)}".encode()).hexdigest()
    return job.extraction.cache / f"{what}-{digest}"


@contextmanager
def readable(kept: Path) -> Iterator[None]:
    """Inside, a kept file that is broken is reported as such."""
    try:
        yield
    except (ValueError, EOFError, KeyError, BadZipFile) as error:
        raise SetupError(f"{kept}: was kept from an earlier run and cannot be read; remove it") from error


def _save_faces(path: Path, faces: tuple[Face, ...], reason: str, checks: dict[str, float]) -> None:
    arrays = {
        "landmarks": np.array([face.landmarks for face in faces]),
        "pictures": np.array([face.picture for face in faces]),
        "boxes": np.array([face.box for face in faces]),
        "confidence": np.array([face.confidence for face in faces]),
        "count": np.array([face.count for face in faces]),
        "reason": np.array(reason),
        "check_names": np.array(list(checks), dtype=str),
        "checks": np.array(list(checks.values()), dtype=float),
    }
    with whole_file(path) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]


def _load_faces(path: Path) -> tuple[tuple[Face, ...], str, dict[str, float]]:
    with np.load(path, allow_pickle=False) as kept:
        columns = (kept[name] for name in ("landmarks", "pictures", "boxes", "confidence", "count"))
        faces = [
            Face(points, picture, tuple(box.tolist()), float(confidence), int(count))
            for points, picture, box, confidence, count in zip(*columns, strict=True)
        ]
        checks = dict(zip(kept["check_names"].tolist(), kept["checks"].tolist(), strict=True))
        return tuple(faces), str(kept["reason"]), checks
