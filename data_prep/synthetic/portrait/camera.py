"""The camera of a photograph: where it stands, and what lens, sensor and file do to the picture."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from scipy import ndimage

from mriprivacy.data_prep.synthetic import exact


@dataclass(frozen=True)
class Camera:
    """A camera and its faults.

    Attributes
    ----------
    distance_mm : float
        From the face: near ones show a big nose and small ears.
    half_mm : float
        Half the height of the picture at the face, mm.
    shift_mm : ndarray, shape (2,)
        How far the face is off the middle of the picture, to the right and up.
    exposure : float
        Gain.
    blur : float
        Standard deviation of the point spread, in pixels of a picture of 480.
    motion : ndarray, shape (2,)
        Movement while the shutter was open, in the same pixels.
    noise : float
        Standard deviation at half brightness, grey levels.
    quality : int
        Of the JPEG, 1 to 95.
    vignette : float
        How much darker the corners are, 0 to 1.
    """

    distance_mm: float
    half_mm: float
    shift_mm: NDArray[np.float64]
    exposure: float
    blur: float
    motion: NDArray[np.float64]
    noise: float
    quality: int
    vignette: float


def draw_camera(rng: np.random.Generator, light: float, faults: float) -> Camera:
    """Draw a camera.

    Parameters
    ----------
    rng : numpy.random.Generator
        The stream of the photograph.
    light : float
        How much exposure differs, 0 to 1.
    faults : float
        How bad lens, sensor and file may be: 0 (perfect) to 1 (a telephone indoors).

    Examples
    --------
    >>> camera = draw_camera(np.random.default_rng(0), light=1.0, faults=0.0)
    >>> camera.blur, camera.quality
    (0.0, 95)
    """
    return Camera(
        distance_mm=float(exact.exp(rng.uniform(exact.log(480.0), exact.log(2200.0)))),
        half_mm=float(155 * exact.exp(rng.normal(0, 0.05))),
        shift_mm=rng.normal(0, 5, 2),
        exposure=float(exact.exp(light * np.clip(rng.normal(0, 0.14), -0.28, 0.28))),
        blur=float(faults * rng.beta(1.2, 2.2) * 1.6),
        motion=faults * rng.normal(0, 0.6, 2),
        noise=float(faults * rng.beta(1.2, 3) * 9),
        quality=round(95 - faults * rng.uniform(0, 50)),
        vignette=float(faults * rng.uniform(0, 0.25)),
    )


def draw_background(rng: np.random.Generator, pixels: int, light: float) -> NDArray[np.float32]:
    """Paint what is behind: a wall, a room or a street, out of focus.

    Returns
    -------
    ndarray, shape (pixels, pixels, 3)
        sRGB, 0 to 1.
    """
    small = 120
    tone = rng.uniform(0.25, 0.9)
    wall = np.clip(tone + rng.normal(0, 0.05, 3), 0.03, 1)
    picture = Image.new("RGB", (small, small), _rgb(wall))
    draw = ImageDraw.Draw(picture)
    things = 0 if rng.random() < 1 - 0.65 * light else int(rng.integers(2, 14))
    for _ in range(things):
        colour = np.clip(wall * exact.exp(rng.normal(0, 0.5)) + rng.normal(0, 0.05, 3), 0.02, 1)
        x, y = rng.uniform(-20, small, 2)
        wide, high = rng.uniform(6, 70), rng.uniform(6, 110)
        if rng.random() < 0.3:
            draw.ellipse([x, y, x + wide / 2, y + wide / 2], fill=_rgb(colour))
        else:
            draw.rectangle([x, y, x + wide, y + high], fill=_rgb(colour))
    picture = picture.filter(ImageFilter.GaussianBlur(float(rng.uniform(1.5, 7))))
    large = np.asarray(picture.resize((pixels, pixels), Image.Resampling.BICUBIC), np.float32) / 255
    fall = np.linspace(-1, 1, pixels, dtype=np.float32)
    slope = 1 + 0.12 * light * (rng.normal() * fall[:, None] + rng.normal() * fall[None])
    return np.clip(large * slope[..., None], 0, 1)


def _rgb(colour: NDArray[np.float64]) -> tuple[int, int, int]:
    red, green, blue = (int(255 * value) for value in colour)
    return red, green, blue


def tone(radiance: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Turn linear radiance into sRGB, 0 to 255, with a soft shoulder where it is bright."""
    bright = np.maximum(radiance, 0)
    shoulder = bright * (1 + bright / 4) / (1 + 0.55 * bright)
    result: NDArray[np.uint8] = (255 * exact.power(np.clip(shoulder, 0, 1), 1 / 2.2)).astype(np.uint8)
    return result


def develop(
    drawn: Sequence[NDArray[np.uint8]],
    background: NDArray[np.float32],
    camera: Camera,
    rng: np.random.Generator,
) -> list[NDArray[np.uint8]]:
    """Put drawn heads before one background and do to them what lens, sensor and file do.

    Parameters
    ----------
    drawn : sequence of ndarray, shape (2 * pixels, 2 * pixels, 4)
        RGBA; where alpha is 0 there is background.
    background : ndarray, shape (pixels, pixels, 3)
        sRGB, 0 to 1.
    camera : Camera
        Its blur, noise, vignette and quality.
    rng : numpy.random.Generator
        For the noise, which is the same in all of them.

    Returns
    -------
    list of ndarray of uint8, shape (pixels, pixels, 3)
        RGB.
    """
    pixels = len(background)
    grain = 0.8 * exact.noise(rng, pixels, pixels, 1)
    grain = grain + 0.45 * exact.noise(rng, pixels, pixels, 3)
    fall = np.linspace(-1, 1, pixels, dtype=np.float32) ** 2
    corners = (1 - camera.vignette * (fall[:, None] + fall[None]) / 2)[..., None].astype(np.float32)
    sigma = pixels / 480 * exact.hypot(camera.blur, camera.motion)
    pictures = []
    for large in drawn:
        rows = large[::2].astype(np.uint16) + large[1::2]
        small = (rows[:, ::2] + rows[:, 1::2]).astype(np.float32) / np.float32(4 * 255)
        picture = small[..., :3] + background * (1 - small[..., 3:])
        if sigma.max() > 0.2:
            picture = ndimage.gaussian_filter(picture, (sigma[1], sigma[0], 0), truncate=2.5)
        picture = picture * corners
        strength = np.float32(camera.noise / 255) * (np.float32(1.3) - np.float32(0.6) * picture)
        picture = picture + strength * grain
        stream = io.BytesIO()
        image = Image.fromarray((255 * np.clip(picture, 0, 1)).astype(np.uint8))
        image.save(stream, format="JPEG", quality=camera.quality)
        with Image.open(stream) as compressed:
            pictures.append(np.asarray(compressed.convert("RGB")))
    return pictures
