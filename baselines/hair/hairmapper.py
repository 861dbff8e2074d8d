"""HairMapper (Wu, Yang and Jin, CVPR 2022), the hair removal of the paper, where its code and weights are.

It wants portraits cut as those of the FFHQ data set and runs as two programs of its own; here photographs are
cut so, the programs are run once for all of them, and what they changed is put back into the photographs.
"""

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mriprivacy.baselines.face.landmarks import find_face
from mriprivacy.baselines.face.photo import read_photo
from mriprivacy.scoring.errors import UserError

SIZE = 1024  # pixels, of FFHQ
WEIGHTS = (
    "ckpts/StyleGAN2-ada-Generator.pth",
    "ckpts/e4e_ffhq_encode.pt",
    "ckpts/model_ir_se50.pth",
    "ckpts/face_parsing.pth",
    "ckpts/vgg16.pth",
    "mapper/checkpoints/final/best_model.pt",
)
PROGRAMS = (("encoder4editing", "encode.py"), (".", "main_mapper.py"))

Picture = NDArray[np.uint8]
Affine = NDArray[np.float64]


class HairMapperError(UserError):
    """HairMapper is not there, or did not do what its documentation says; one line a problem."""


def run_hairmapper(photos: Mapping[str, Path], output: Path, root: Path, python: str = "python") -> None:
    """Remove the hair from photographs.

    Parameters
    ----------
    photos : mapping from name to Path
        Portraits, PNG or JPEG.
    output : Path
        Folder that gets `<name>.png` for each.
    root : Path
        HairMapper's repository with its weights in place.
    python : str
        The interpreter that has what it requires.

    Raises
    ------
    HairMapperError
        With every file that is missing in `root`; every photograph without a face; or the output of a program
        when they failed.
    """
    needed = [*WEIGHTS, *(f"{folder}/{program}".removeprefix("./") for folder, program in PROGRAMS)]
    missing = [name for name in needed if not (root / name).is_file()]
    if missing:
        raise HairMapperError(
            *(f"{root / name}: no such file; HairMapper's README says where to get it" for name in missing)
        )
    with tempfile.TemporaryDirectory(prefix="hairmapper-") as folder:
        work = Path(folder)
        (work / "origin").mkdir()
        cuts, faceless = {}, []
        for number, (name, path) in enumerate(photos.items()):
            picture = read_photo(path)
            face = find_face(picture, thorough=True)
            if face is None:
                faceless.append(f"{path}: no face found; expected a portrait seen from the front")
                continue
            cuts[name] = (f"{number:06d}.png", picture, ffhq_cut(face.landmarks))
            cut = cv2.warpAffine(
                picture, cuts[name][2], (SIZE, SIZE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT
            )
            Image.fromarray(cut).save(work / "origin" / cuts[name][0])
        if faceless:
            raise HairMapperError(*faceless)
        for place, program in PROGRAMS:
            _run([python, program, "--data_dir", str(work)], root / place)
        for name, (file, picture, cut) in cuts.items():
            done = work / "mapper_res" / file
            if not done.is_file():
                raise HairMapperError(
                    f"{photos[name]}: HairMapper ended without an error and without a result"
                )
            Image.fromarray(put_back(picture, _read_result(done), cut)).save(output / f"{name}.png")


def ffhq_cut(landmarks: NDArray[np.float64]) -> Affine:
    """Return the map from a photograph to the cut of FFHQ (Karras et al., ICLR 2018, appendix C).

    Parameters
    ----------
    landmarks : ndarray, shape (68, 2)
        Pixels.

    Returns
    -------
    ndarray, shape (2, 3)
        Rotation, scale and shift, pixel to pixel.

    Examples
    --------
    >>> marks = np.zeros((68, 2)); marks[36:42] = [40, 50]; marks[42:48] = [60, 50]; marks[48:] = [50, 70]
    >>> (ffhq_cut(marks) @ [50, 52, 1]).round().tolist()
    [512.0, 512.0]
    """
    right, left = landmarks[36:42].mean(axis=0), landmarks[42:48].mean(axis=0)
    eyes, mouth = (right + left) / 2, (landmarks[48] + landmarks[54]) / 2
    between, down = left - right, mouth - eyes
    across = between + np.array([down[1], -down[0]])  # the mean direction of both, which steadies the angle
    half = max(2.0 * np.linalg.norm(between), 1.8 * np.linalg.norm(down))
    x = across / np.linalg.norm(across)
    turn = np.array([[x[0], x[1]], [-x[1], x[0]]]) * (SIZE / 2 / half)
    centre = eyes + 0.1 * down
    return np.column_stack([turn, SIZE / 2 - turn @ centre])


def put_back(picture: Picture, cut: Picture, to_cut: Affine) -> Picture:
    """Put a cut back into its photograph, shape (rows, columns, 3); its border fades into it."""
    rows, columns = picture.shape[:2]
    inner = np.zeros((SIZE, SIZE), np.float32)
    inner[SIZE // 32 : -SIZE // 32, SIZE // 32 : -SIZE // 32] = 1
    share = cv2.GaussianBlur(inner, (0, 0), SIZE / 100)
    back = cv2.invertAffineTransform(to_cut)
    moved = cv2.warpAffine(cut.astype(np.float32), back, (columns, rows), flags=cv2.INTER_LINEAR)
    weight = cv2.warpAffine(share, back, (columns, rows), flags=cv2.INTER_LINEAR)[..., None]
    result: Picture = np.clip(np.rint(picture + weight * (moved - picture)), 0, 255).astype(np.uint8)
    return result


def _read_result(path: Path) -> Picture:
    """Read a result as it is; `read_photo` would make it smaller."""
    with Image.open(path, formats=("PNG",)) as image:
        picture = np.asarray(image.convert("RGB"))
    if picture.shape != (SIZE, SIZE, 3):
        raise HairMapperError(
            f"HairMapper wrote {picture.shape[1]} x {picture.shape[0]} pixels; expected {SIZE}"
        )
    return picture


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except OSError as error:
        raise HairMapperError(f"{command[0]}: cannot be run ({error}); set bald.python") from error
    if done.returncode != 0:
        output = (done.stderr or done.stdout).strip().splitlines() or ["nothing"]
        raise HairMapperError(f"HairMapper's {command[1]} ended with status {done.returncode}: {output[-1]}")
