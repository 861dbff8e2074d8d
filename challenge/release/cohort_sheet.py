"""A contact sheet of a planned cohort: scans in three planes and photographs with their faces, by person."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from mriprivacy.baselines.face.photo import read_photo
from mriprivacy.baselines.hair.removal import Picture
from mriprivacy.data_prep.formats.atomic import whole_file
from mriprivacy.data_prep.inspection.plan_file import CohortPlan, PlannedPerson
from mriprivacy.data_prep.inspection.proposal import SeenImages
from mriprivacy.data_prep.synthetic.contact_sheet import draw_page, planes

PER_PAGE = 24
_PHOTOS = 2  # of each person


def write_sheets(
    plan: CohortPlan, seen: SeenImages, bald: Mapping[Path, Picture], folder: Path
) -> list[Path]:
    """Draw everybody of a plan, included or not, page by page.

    Parameters
    ----------
    plan : CohortPlan
        As proposed.
    seen : SeenImages
        Faces of photographs are numbered from the left.
    bald : mapping from Path to picture
        Photographs without hair, shown beside their own.
    folder : Path
        For `sheet_01.png` and so on.

    Returns
    -------
    list of Path
        The pages.
    """
    pages = [plan.people[first : first + PER_PAGE] for first in range(0, len(plan.people), PER_PAGE)]
    paths = []
    for number, page in enumerate(pages, start=1):
        paths.append(folder / f"sheet_{number:02d}.png")
        sheet = draw_page(
            [(_title(person), [*_pictures(person, plan, seen, bald)]) for person in page], 2, 160
        )
        with whole_file(paths[-1]) as temporary:
            sheet.save(temporary, format="PNG")
    return paths


def _title(person: PlannedPerson) -> str:
    return person.subject if person.included else f"{person.subject}: out, {person.why}"


def _pictures(
    person: PlannedPerson, plan: CohortPlan, seen: SeenImages, bald: Mapping[Path, Picture]
) -> Iterator[Image.Image]:
    scans = [Path(plan.root, name) for name in (*person.scans, *person.references)]
    for path in scans:
        if path not in seen.unusable or seen.unusable[path].startswith("no "):
            yield from _planes(path)
    for path in (Path(plan.photos, name) for name in person.photos[:_PHOTOS]):
        picture = Image.fromarray(read_photo(path, whole=True))
        _number(picture, seen.faces.get(path, ()))
        yield picture
        if path in bald:
            yield Image.fromarray(bald[path])


def _planes(path: Path) -> Sequence[Image.Image]:
    try:
        return [Image.fromarray(plane) for plane in planes(path)]
    except (ValueError, OSError):  # what cannot be read is said in the plan
        return ()


def _number(picture: Image.Image, faces: Sequence[tuple[int, int, int, int]]) -> None:
    draw = ImageDraw.Draw(picture)
    width = max(2, picture.width // 120)
    for number, box in enumerate(faces, start=1):
        draw.rectangle(box, outline=(255, 210, 0), width=width)
        draw.text((box[0] + 2 * width, box[1] + width), str(number), fill=(255, 210, 0), font_size=10 * width)
