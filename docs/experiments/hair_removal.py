"""Judge hair removal against the truly bald photographs of synthetic people, and draw sheets to look at.

    uv run python -m docs.experiments.hair_removal OUTPUT [SEED [PEOPLE]]

Writes OUTPUT/sheet_<n>.png, four people a row (as photographed, hair removed, truly bald), and prints a line
a person: the area that differs from the truly bald picture, in areas of the head, and the mark.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mriprivacy.baselines.face.head_outline import outline_of
from mriprivacy.baselines.face.landmarks import find_face
from mriprivacy.baselines.hair.check import why_failed
from mriprivacy.baselines.hair.removal import NoFaceError, cut_out, remove_hair
from mriprivacy.data_prep.synthetic.cohort_settings import SyntheticCohort
from mriprivacy.data_prep.synthetic.people.person import draw_people
from mriprivacy.data_prep.synthetic.portrait.photograph import photograph

Picture = NDArray[np.uint8]
VISIBLE = 15.0  # CIELAB
EDGE, COLUMNS, ROWS = 170, 4, 5


def differing_area(raw: Picture, made: Picture, true: Picture) -> float:
    """Return the area near the head that visibly differs, in areas of the head."""
    face = find_face(raw, thorough=True)
    if face is None:
        return float("nan")
    outline = outline_of(face.landmarks, *raw.shape[:2])
    near = (outline.down > -1.7) & (outline.down < 1.2) & (np.abs(outline.across) < 1.8)
    head = outline.below_crown_of(cut_out(raw, outline)).head
    lab = [cv2.cvtColor(one.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) for one in (made, true)]
    apart = np.linalg.norm(lab[0] - lab[1], axis=2) > VISIBLE
    return float((apart & near).sum() / head.sum())


def sheet(rows: Sequence[tuple[str, Sequence[Picture]]]) -> Image.Image:
    """Draw people in rows of four, each three times."""
    width, height = 3 * EDGE + 12, EDGE + 14
    page = Image.new("RGB", (COLUMNS * width, ROWS * height), "white")
    for i, (name, pictures) in enumerate(rows):
        x, y = i % COLUMNS * width, i // COLUMNS * height
        ImageDraw.Draw(page).text((x, y), name, fill="black")
        for j, picture in enumerate(pictures):
            page.paste(Image.fromarray(picture).resize((EDGE, EDGE)), (x + j * EDGE, y + 13))
    return page


def main(output: Path, seed: int = 2501, people: int = 56) -> None:
    """Judge a cohort."""
    output.mkdir(parents=True, exist_ok=True)
    config = SyntheticCohort(subjects=people, seed=seed)
    seen = []
    for person in draw_people(config):
        shots = photograph(person, seed, config)
        try:
            bald = remove_hair(shots["raw"])
        except NoFaceError as error:
            print(f"{person.subject}\tn/a\t{error}")
            continue
        off = differing_area(shots["raw"], bald.picture, shots["bald"])
        print(f"{person.subject}\t{off:.2f}\t{why_failed(shots['raw'], bald)}", flush=True)
        seen.append((person.subject, (shots["raw"], bald.picture, shots["bald"])))
    for start in range(0, len(seen), COLUMNS * ROWS):
        sheet(seen[start : start + COLUMNS * ROWS]).save(output / f"sheet_{start // COLUMNS // ROWS}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
