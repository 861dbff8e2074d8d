"""What was seen in every image: a score says nothing where no face could be."""

from collections.abc import Mapping

from challenge.features import ImageFeatures

SIDES = ("left", "right", "back", "front", "bottom", "top")
CHECKS = (
    "faces",
    "views_with_face",
    "views_implausible",
    "nose_mm",
    *(f"cut_{side}_cm2" for side in SIDES),
)
COLUMNS = ("image", "side", "face", *CHECKS)


def seen(images: Mapping[str, ImageFeatures], side: str) -> list[tuple[str, ...]]:
    """Return the rows of images of one side; `n/a` for what is not asked of this kind of image.

    Of scans: in how many views a face was found, in how many the detector fired on what is no face, how far
    the nose stands out, and the head at each border of the field of view.

    Examples
    --------
    >>> scan = ImageFeatures(True, "", {}, checks={"views_with_face": 5.0, "nose_mm": 31.26})
    >>> seen({"a": scan}, "probe")[0][:7]
    ('a', 'probe', 'yes', 'n/a', '5.0', 'n/a', '31.3')
    """
    return [
        (name, side, "yes" if image.acquired else "no", *(_cell(image, check) for check in CHECKS))
        for name, image in images.items()
    ]


def _cell(image: ImageFeatures, check: str) -> str:
    value = image.checks.get(check, float("nan"))
    return "n/a" if value != value else f"{value:.1f}"
