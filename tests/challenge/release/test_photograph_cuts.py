"""People beside a person of a cohort are not published, and no head is shaved for another's."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mriprivacy.baselines.face.all_faces import find_faces
from mriprivacy.baselines.face.photo import read_photo
from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.release.photograph_cuts import Shot, look
from mriprivacy.data_prep.cohorts.bids import CohortError
from mriprivacy.data_prep.cohorts.face_table import FACE_COLUMNS
from mriprivacy.data_prep.editions.build_edition import EditionConfig, build_edition
from mriprivacy.data_prep.editions.plan import plan_edition
from mriprivacy.data_prep.formats.tables.tsv import write_table
from mriprivacy.scoring.errors import UserError
from tests.helpers.build_words import TERMS, words
from tests.helpers.engine import ENGINE_WORDS
from tests.helpers.real_faces import beside, face_of
from tests.helpers.tiny_cohort import write_tiny_cohort

pytestmark = pytest.mark.long

EDGE = 160
PERSON, BYSTANDER = 1, 0


def marked(picture: Image.Image, bit: int) -> Image.Image:
    """Write into the last bit of every pixel whose picture it is: no pixel of a bystander passes unseen."""
    pixels = np.array(picture)
    pixels[..., 2] = pixels[..., 2] & 0xFE | bit
    return Image.fromarray(pixels)


@pytest.fixture(scope="module")
def two(portraits: dict[str, Path]) -> Image.Image:
    """A bystander to the left, a wall, and the person to the right."""
    wall = marked(Image.new("RGB", (40, EDGE), (120, 130, 140)), PERSON)
    bystander = marked(face_of(portraits["biden"], EDGE), BYSTANDER)
    return beside(bystander, wall, marked(face_of(portraits["obama2"], EDGE), PERSON))


@pytest.fixture
def cohort(portraits: dict[str, Path], two: Image.Image, tmp_path: Path) -> Path:
    """Four real people with six photographs: two of them with a second person, and one with none."""
    root = write_tiny_cohort(tmp_path / "cohort", 4)
    (root / "dataset_description.json").unlink()
    shutil.rmtree(root / "sourcedata" / "photos" / "bald")
    photos = sorted((root / "sourcedata" / "photos" / "raw").iterdir())
    alone = [face_of(portraits[name], EDGE) for name in ("obama", "biden", "obama3")]
    wall = Image.new("RGB", (EDGE, EDGE), "grey")
    for path, picture in zip(photos, [two, *alone, two, wall], strict=True):
        picture.save(path)
    return root


def photos_of(root: Path) -> list[Path]:
    return sorted((root / "sourcedata" / "photos" / "raw").iterdir())


def say(root: Path, *rows: tuple[str, str]) -> Path:
    path = root / "sourcedata" / "photos" / "faces.tsv"
    write_table(path, FACE_COLUMNS, rows)
    return path


def built(cohort: Path, output: Path, hair_removal: str) -> list[str]:
    few = ["edition.tracks=[attack]", f"edition.hair_removal={hair_removal}"]
    return [*words(cohort, output), *TERMS, *few]


def test_every_photograph_that_shows_not_one_person_stops_the_build(
    cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, *_, last, wall = photos_of(cohort)
    assert main(built(cohort, tmp_path / "edition", "none")) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("mriprivacy: ")]
    assert len(lines) == 3
    for path, said in ((first, "2 faces (1 at "), (last, "2 faces (1 at "), (wall, "no face found; ")):
        (line,) = (line for line in lines if str(path) in line)
        assert line.startswith(f"mriprivacy: {path}: {said}")
        assert "expected one person: name it in a face table" in line
    assert not list(tmp_path.glob("*edition*"))
    assert not list(tmp_path.glob(".edition*"))


def test_what_is_released_is_cut_to_the_face_that_is_named(
    cohort: Path,
    two: Image.Image,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By its number, or by a box, before the hair is removed; photographs of one person stay whole."""
    # On most of these portraits hair removal fails, which test_inspect.py looks at.
    monkeypatch.setattr("mriprivacy.challenge.commands.build.why_failed", lambda picture, bald: "")
    first, second, *_, last, wall = photos_of(cohort)
    shutil.copy(second, wall)
    box = (EDGE + 40, 0, 2 * EDGE + 40, EDGE)
    say(cohort, (first.name, "2"), (last.name, ",".join(map(str, box))))
    assert main(built(cohort, tmp_path / "edition", "builtin")) == 0
    printed = capsys.readouterr().out
    assert "2 of 6 photographs are cut as the table of faces says\n" in printed
    assert "the largest is taken" not in printed
    edition, subjects = open_edition(tmp_path / "edition"), open_sealed(tmp_path / "edition").subjects
    whole, cut = [], []
    for split in edition.splits.values():
        for name in split.references:
            raw, bald = (read_photo(split.photo(name, condition)) for condition in ("raw", "bald"))
            assert raw.shape == bald.shape
            assert len(find_faces(raw)) == 1
            if subjects[name] in (first.name[:6], last.name[:6]) and (raw[..., 2] % 2 == PERSON).all():
                cut.append(raw)
            else:
                whole.append(raw.shape)
    assert whole == [(EDGE, EDGE, 3)] * 4
    assert len(cut) == 2
    assert any(np.array_equal(raw, np.asarray(two.crop(box))) for raw in cut)


def test_a_photograph_without_hair_is_cut_like_the_raw_one(two: Image.Image, tmp_path: Path) -> None:
    """Whole, made smaller as `bald` does, or cut by `bald` already."""
    wide = marked(Image.new("RGB", (1080, EDGE), (120, 130, 140)), PERSON)
    wide.paste(two)
    wide.save(tmp_path / "raw.png")
    alone = look(Shot(tmp_path / "raw.png", 2)).boxes["raw"]
    crop = wide.crop(alone)
    made = {"same": wide, "smaller": wide.resize((1000, 148), Image.Resampling.NEAREST), "cut": crop}
    for name, picture in made.items():
        picture.save(tmp_path / f"{name}.png")
    others = tuple((name, tmp_path / f"{name}.png") for name in made)
    boxes = look(Shot(tmp_path / "raw.png", 2, others=others)).boxes
    assert boxes["raw"] == boxes["same"] == alone
    assert boxes["cut"] == (0, 0, *crop.size)
    np.testing.assert_allclose(boxes["smaller"], np.array(alone) / 1.08, atol=1.5)
    for name, picture in made.items():
        assert (np.asarray(picture.crop(boxes[name]))[..., 2] % 2 == PERSON).all()
    two.resize((300, 100)).save(tmp_path / "other.png")
    with pytest.raises(UserError, match=r"other.png: 300 x 100 pixels; expected 1080 x 160 as .*raw.png"):
        look(Shot(tmp_path / "raw.png", 2, others=(("bald", tmp_path / "other.png"),)))


def test_somebody_else_in_the_photograph_without_hair_is_seen(
    portraits: dict[str, Path], two: Image.Image, tmp_path: Path
) -> None:
    face_of(portraits["obama"], EDGE).save(tmp_path / "raw.png")
    two.save(tmp_path / "bald.png")
    with pytest.raises(UserError, match=r"bald.png: 2 faces .* in what would be released"):
        look(Shot(tmp_path / "raw.png", others=(("bald", tmp_path / "bald.png"),)))


def test_what_names_no_person_is_told(two: Image.Image, portraits: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "two.png"
    two.save(path)
    for face, said in (
        (3, r"two.png: 2 faces \(.*\); the table of faces says 3"),
        ((0, 0, 999, 100), r"two.png: the box 0,0,999,100 reaches out of .* 360 x 160 pixels"),
        ((0, 0, 360, 160), r"two.png: 2 faces \(.*\) in what would be released \(0,0,360,160\)"),
    ):
        with pytest.raises(UserError, match=said):
            look(Shot(path, face))
    close = [face_of(portraits[name], EDGE).crop((25, 0, 135, EDGE)) for name in ("biden", "obama2")]
    beside(*close).save(path)
    with pytest.raises(UserError, match=r"another head is too near to cut out face 1: give a box"):
        look(Shot(path, 1))
    assert look(Shot(path, (0, 0, 110, EDGE))).boxes["raw"] == (0, 0, 110, EDGE)


def test_a_name_in_the_table_that_no_photograph_has_is_told(
    cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, *_ = photos_of(cohort)
    table = say(cohort, (first.name, "2"), ("sub-99.png", "1"))
    assert main(built(cohort, tmp_path / "edition", "none")) == 2
    assert f"{table}: sub-99.png is no photograph that is asked for" in capsys.readouterr().err
    elsewhere = f"cohort.faces={tmp_path / 'nowhere.tsv'}"
    assert main([*built(cohort, tmp_path / "edition", "none"), elsewhere]) == 2
    assert "nowhere.tsv: no such file" in capsys.readouterr().err


def test_nothing_is_sealed_of_real_people_whom_nobody_looked_at(cohort: Path, tmp_path: Path) -> None:
    about = {"id": "clinic", "version": "1", "licence": "proprietary", "citation": "Us"}
    config = EditionConfig(**about, hair_removal="none")  # type: ignore[arg-type]
    first = plan_edition(cohort, config).photos[0].source
    unseen = rf"^{re.escape(str(first))}: its faces were not checked \(6 photographs of real people\)"
    with pytest.raises(CohortError, match=unseen):
        build_edition(cohort, tmp_path / "edition", config)
    assert not (tmp_path / "edition").exists()


def test_distractors_are_the_person_in_the_middle(
    portraits: dict[str, Path], two: Image.Image, tmp_path: Path
) -> None:
    """As LFW cuts its photographs; without a face in the middle the person is not known."""
    half = marked(face_of(portraits["biden"], EDGE), BYSTANDER)
    wall = marked(Image.new("RGB", (40, EDGE), (120, 130, 140)), PERSON)
    person = marked(face_of(portraits["obama2"], EDGE), PERSON)
    beside(half, wall, person, wall, half).save(tmp_path / "Ada_0001.png")
    box = look(Shot(tmp_path / "Ada_0001.png", centred=True)).boxes["raw"]
    with Image.open(tmp_path / "Ada_0001.png") as picture:
        assert (np.asarray(picture.crop(box))[..., 2] % 2 == PERSON).all()
    two.save(tmp_path / "Bo_0001.png")
    with pytest.raises(UserError, match=r"Bo_0001.png: 2 faces"):
        look(Shot(tmp_path / "Bo_0001.png", centred=True))
    assert look(Shot(tmp_path / "Bo_0001.png", 2, centred=True)).boxes["raw"][0] >= EDGE


def test_bald_shaves_the_person_who_is_named(
    two: Image.Image, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    two.save(photos / "a.png")
    two.save(photos / "b.png")
    plain = ["bald", f"photos={photos}", *ENGINE_WORDS]
    assert main([*plain, f"output={tmp_path / 'bald'}"]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("mriprivacy: ")]
    assert [line.split(": ")[1] for line in lines] == [str(photos / name) for name in ("a.png", "b.png")]
    assert not (tmp_path / "bald").exists()
    write_table(tmp_path / "faces.tsv", FACE_COLUMNS, [("a.png", "2"), ("b.png", "200,0,360,160")])
    assert main([*plain, f"faces={tmp_path / 'faces.tsv'}", f"output={tmp_path / 'bald'}"]) == 0
    assert "2 photographs without hair (builtin), 2 of them cut as" in capsys.readouterr().out
    with Image.open(tmp_path / "bald" / "b.png") as picture:
        made, raw = np.asarray(picture, int), np.asarray(two.crop((200, 0, 360, 160)), int)
    assert made.shape == raw.shape
    changed = np.abs(made - raw).max(axis=2) > 30
    assert changed[:60].mean() > 0.1  # the hair
    assert changed[80:].mean() < 0.05
    with Image.open(tmp_path / "bald" / "a.png") as picture:
        assert len(find_faces(np.asarray(picture))) == 1
        assert picture.width < two.width - EDGE
