"""Photographs with as many real faces as a test needs, made of the public-domain portraits."""

from pathlib import Path

import numpy as np
from PIL import Image

# Left, top and edge of a square about the head in each portrait, pixels.
HEADS = {
    "biden.jpg": (310, 80, 540),
    "obama.jpg": (220, 0, 520),
    "obama2.jpg": (56, 130, 500),
    "obama3.jpg": (500, 70, 600),
}


def face_of(portrait: Path, edge: int) -> Image.Image:
    """Return a head and shoulders, edge x edge pixels."""
    left, top, size = HEADS[portrait.name]
    with Image.open(portrait) as image:
        return image.convert("RGB").crop((left, top, left + size, top + size)).resize((edge, edge))


def beside(*pictures: Image.Image) -> Image.Image:
    """Put pictures of one height side by side."""
    return Image.fromarray(np.hstack([np.asarray(picture) for picture in pictures]))
