"""A logo, which Codabench asks for: a head in profile, its face hidden."""

from pathlib import Path

from PIL import Image, ImageDraw

_DARK, _HEAD, _BAR = (24, 34, 52), (214, 222, 235), (232, 119, 64)
_NECK = [(33, 60), (33, 92), (60, 92), (62, 79), (73, 78), (75, 50)]  # and jaw, in a square of 100


def write_logo(path: Path, size: int = 400) -> None:
    """Write the logo as PNG, `size` pixels square."""
    fine = 4 * size  # drawn large and shrunk, for smooth edges
    scale = fine / 100
    picture = Image.new("RGB", (fine, fine), _DARK)
    pen = ImageDraw.Draw(picture)
    pen.ellipse([19 * scale, 13 * scale, 77 * scale, 73 * scale], fill=_HEAD)
    pen.polygon([(x * scale, y * scale) for x, y in _NECK], fill=_HEAD)
    pen.rounded_rectangle([52 * scale, 37 * scale, 90 * scale, 74 * scale], 3 * scale, fill=_BAR)
    picture.resize((size, size), Image.Resampling.LANCZOS).save(path, format="PNG")
