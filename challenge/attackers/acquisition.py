"""What was seen in every image: a score says nothing where no face could be."""

from collections.abc import Mapping

from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.compute.parallel import some
from mriprivacy.challenge.entry.attacker import Attacker

Images = Mapping[str, ImageFeatures]

SIDES = ("left", "right", "back", "front", "bottom", "top")
CHECKS = (
    "faces",
    "views_with_face",
    "views_implausible",
    "views_placed",
    "turned_degrees",
    "nose_mm",
    *(f"cut_{side}_cm2" for side in SIDES),
)
COLUMNS = ("image", "side", "face", "reason", *CHECKS)


def seen(images: Images, side: str) -> list[tuple[str, ...]]:
    """Return the rows of images of one side; `n/a` for what is not asked of this kind of image.

    Of scans: in how many views a face was found, in how many the detector fired on what is no face, in how
    many one was cut out where it must have been, by how many degrees the head was turned upright, how far the
    nose stands out, and the head at each border of the field of view.

    Examples
    --------
    >>> scan = ImageFeatures(True, "", {}, checks={"views_with_face": 5.0, "nose_mm": 31.26})
    >>> seen({"a": scan}, "probe")[0][:10]
    ('a', 'probe', 'yes', 'n/a', 'n/a', '5.0', 'n/a', 'n/a', 'n/a', '31.3')
    """
    return [
        (
            name,
            side,
            "yes" if image.acquired else "no",
            image.reason or "n/a",
            *(_cell(image, check) for check in CHECKS),
        )
        for name, image in images.items()
    ]


def faceless(images: Images) -> list[str]:
    """Return the names of the images that are failures to acquire."""
    return [name for name, image in images.items() if not image.acquired]


def crowded(images: Images) -> dict[str, int]:
    """Return how many faces there are in photographs with several, of which the largest is taken."""
    counts = {name: int(image.checks.get("faces", 0)) for name, image in images.items()}
    return {name: count for name, count in counts.items() if count > 1}


def remarks_on_references(references: Mapping[tuple[str, str], Images], kind: str) -> list[str]:
    """Say which references have no face, and which photographs have several.

    Parameters
    ----------
    references : mapping from (split, condition) to mapping from reference to ImageFeatures
        As they were released: what a defacer makes of them is no fault of the edition.
    kind : str
        `photographs` or `scans`.

    Examples
    --------
    >>> photos = {"ph-a": ImageFeatures(True, "", {}, checks={"faces": 2.0})}
    >>> photos["ph-b"] = ImageFeatures(False, "no face found", {})
    >>> print(*remarks_on_references({("eval", "raw"): photos}, "photographs"), sep=chr(10))
    references: no face in 1 of 2 raw photographs of eval (ph-b); their trials get the lowest score
    references: several faces in 1 of 2 photographs (ph-a); the largest is taken
    """
    remarks, several, all_of = [], dict[str, int](), set[str]()
    for (split, condition), images in references.items():
        if names := faceless(images):
            what = (
                "they are left out of the training" if split == "dev" else "their trials get the lowest score"
            )
            count = f"{len(names)} of {len(images)} {condition} {kind} of {split}"
            remarks.append(f"references: no face in {count} ({some(names)}); {what}")
        several |= crowded(images)
        all_of |= set(images)
    if several:
        count = f"{len(several)} of {len(all_of)} {kind}"
        remarks.append(f"references: several faces in {count} ({some(list(several))}); the largest is taken")
    return remarks


def remarks_on_doppelgangers(conditions: Mapping[str, Images]) -> list[str]:
    """Say which photographs of doppelgangers have no face: without one, all looks like identity.

    Examples
    --------
    >>> photos = {"ph-a": ImageFeatures(True, "", {}), "ph-b": ImageFeatures(False, "no face found", {})}
    >>> remarks_on_doppelgangers({"raw": photos})
    ['doppelgangers: no face in 1 of 2 raw photographs (of ph-b); their trials get the lowest score']
    """
    return [
        f"doppelgangers: no face in {len(names)} of {len(images)} {condition} photographs "
        f"(of {some(names)}); their trials get the lowest score"
        for condition, images in conditions.items()
        if (names := faceless(images))
    ]


def faceless_references(conditions: Mapping[str, Images], attacker: Attacker) -> dict[str, int]:
    """Count the references without a face among those an attacker was shown; nothing where all have one.

    Parameters
    ----------
    conditions : mapping from condition to mapping from reference to ImageFeatures
        The references of `eval`.
    attacker : Attacker
        One without a condition as its target was shown all, and has lost those without a face in every one.

    Examples
    --------
    >>> photos = {"ph-a": ImageFeatures(True, "", {}), "ph-b": ImageFeatures(False, "no face found", {})}
    >>> faceless_references({"raw": photos}, Attacker.parse("geo+raw/informed"))
    {'references': 2, 'references_without_face': 1}
    """
    shown = [conditions[attacker.target]] if attacker.target in conditions else list(conditions.values())
    lost = set.intersection(*(set(faceless(own)) for own in shown))
    return {"references": len(shown[0]), "references_without_face": len(lost)} if lost else {}


def _cell(image: ImageFeatures, check: str) -> str:
    value = image.checks.get(check, float("nan"))
    return "n/a" if value != value else f"{value:.1f}"
