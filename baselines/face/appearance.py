"""What an image shows: a scan becomes pictures of a head, and faces are looked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mriprivacy.baselines.face.landmarks import Face, detect_face
from mriprivacy.baselines.face.nose_check import nose_of
from mriprivacy.baselines.face.render import render_with_depth
from mriprivacy.baselines.face.scan import Scan
from mriprivacy.baselines.face.surface import HeadSurface, SurfaceError, reconstruct
from mriprivacy.baselines.face.views import View, make_views

VIEWS = make_views()  # the mean over views is steadier than any one of them


@dataclass(frozen=True)
class Appearance:
    """What a scan or a photograph shows.

    Attributes
    ----------
    pictures : tuple of ndarray of uint8, shape (rows, columns, 3)
        RGB; one a view of a scan, one for a photograph.
    faces : tuple of (Face or None)
        The face in each picture; None where there is none.
    reason : str
        Why there is no picture, else empty.
    checks : dict from str to float
        Of a scan whether a face can be there: `views_with_face`, `views_implausible` (the detector fired, but
        the landmarks are not those of a face), `nose_mm` (`baselines.face.nose_check`; NaN without a face)
        and `cut_<side>_cm2`, the head at each border of the field of view. Of a photograph `faces`, how many
        there are; the largest is taken.
    """

    pictures: tuple[NDArray[np.uint8], ...]
    faces: tuple[Face | None, ...]
    reason: str = ""
    checks: dict[str, float] = field(default_factory=dict)

    @property
    def found(self) -> tuple[Face, ...]:
        """The faces that were found; none is a failure to acquire."""
        return tuple(face for face in self.faces if face is not None)


def appearance_of_scan(
    scan: Scan, spacing_mm: float = 1.0, views: Sequence[View] = VIEWS, size: int = 400
) -> Appearance:
    """Reconstruct the head, draw it under every view and look for its face.

    Parameters
    ----------
    scan : Scan
        A head MRI.
    spacing_mm : float
        Voxels of the reconstruction, mm.
    views : sequence of View
        Camera positions.
    size : int
        Edge of the pictures, pixels.

    Returns
    -------
    Appearance
        Without pictures if no head surface can be made of the scan.
    """
    try:
        return appearance_of_surface(reconstruct(scan, spacing_mm), views, size)
    except SurfaceError as error:
        return Appearance((), (), str(error))


def appearance_of_surface(surface: HeadSurface, views: Sequence[View] = VIEWS, size: int = 400) -> Appearance:
    """Draw a head under every view and look for its face: the rest of `appearance_of_scan`.

    Parameters
    ----------
    surface : HeadSurface
        The head.
    views : sequence of View
        Camera positions.
    size : int
        Edge of the pictures, pixels.
    """
    pictures, depths = zip(*render_with_depth(surface, views, size), strict=True)
    # A face of a render is 150-200 pixels wide, twice what the detector needs.
    seen = [detect_face(picture, upsample=0) for picture in pictures]
    faces = tuple(face for face, _ in seen)
    checks = {
        "views_with_face": float(sum(face is not None for face in faces)),
        "views_implausible": float(sum(fired and face is None for face, fired in seen)),
        "nose_mm": nose_of(depths, faces),
        **{f"cut_{side}_cm2": area for side, area in surface.cut_cm2.items()},
    }
    return Appearance(pictures, faces, checks=checks)


def appearance_of_photo(photo: NDArray[np.uint8]) -> Appearance:
    """Look for the face in a photograph (RGB); thoroughly, for a portrait has one."""
    face, _ = detect_face(photo, upsample=1, thorough=True)
    return Appearance((photo,), (face,), checks={"faces": float(face.count if face else 0)})


@dataclass(frozen=True, eq=False)
class Look:
    """One image as an attack sees it; equal to itself alone, so that what is made of it can be remembered.

    Attributes
    ----------
    kind : str
        `scan` or `photo`.
    faces : tuple of Face
        Those found, one a view of a scan, at most one of a photograph.
    scan : callable
        Returns the volume; only attacks on the volume call it. A photograph has none.
    """

    kind: str
    faces: tuple[Face, ...]
    scan: Callable[[], Scan]
