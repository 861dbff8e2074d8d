"""The door to HairMapper, with programs that behave as its own are documented to."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mriprivacy.baselines.face.landmarks import find_face
from mriprivacy.baselines.face.photo import read_photo
from mriprivacy.baselines.hair.hairmapper import (
    SIZE,
    WEIGHTS,
    HairMapperError,
    ffhq_cut,
    put_back,
    run_hairmapper,
)

ENCODE = """
import sys
from pathlib import Path
import numpy as np
data = Path(sys.argv[sys.argv.index("--data_dir") + 1])
assert Path("../ckpts/e4e_ffhq_encode.pt").is_file()
(data / "code").mkdir()
for path in (data / "origin").glob("*.png"):
    np.save(data / "code" / (path.stem + ".npy"), np.zeros((1, 18, 512)))
"""
MAP = """
import sys
from pathlib import Path
from PIL import Image
data = Path(sys.argv[sys.argv.index("--data_dir") + 1])
(data / "mapper_res").mkdir()
for path in (data / "code").glob("*.npy"):
    image = Image.open(data / "origin" / (path.stem + ".png"))
    image.paste((0, 255, 0), (0, 0, 1024, 200))
    image.save(data / "mapper_res" / (path.stem + ".png"))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "HairMapper"
    for name in WEIGHTS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"weights")
    (folder / "encoder4editing").mkdir()
    (folder / "encoder4editing" / "encode.py").write_text(ENCODE)
    (folder / "main_mapper.py").write_text(MAP)
    return folder


def test_what_it_changes_is_put_back_and_nothing_else(
    root: Path, tmp_path: Path, portraits: dict[str, Path]
) -> None:
    (tmp_path / "out").mkdir()
    run_hairmapper({"man": portraits["obama"]}, tmp_path / "out", root, sys.executable)
    before = read_photo(portraits["obama"])
    after = np.asarray(Image.open(tmp_path / "out" / "man.png"))
    face = find_face(before)
    assert face is not None
    x, y = face.landmarks[27:36].mean(axis=0).round().astype(int)
    assert (
        np.abs(
            after[y - 30 : y + 30, x - 30 : x + 30].astype(int) - before[y - 30 : y + 30, x - 30 : x + 30]
        ).mean()
        < 3
    )
    green = (after[..., 1] > 200) & (after[..., 0] < 60)
    assert green.sum() > 500
    assert np.nonzero(green)[0].max() < face.landmarks[17:27, 1].min()  # above the brows
    np.testing.assert_array_equal(after[-50:], before[-50:])


def test_cutting_and_putting_back_is_the_same_picture(portraits: dict[str, Path]) -> None:
    import cv2

    picture = read_photo(portraits["obama2"])
    face = find_face(picture)
    assert face is not None
    to_cut = ffhq_cut(face.landmarks)
    np.testing.assert_allclose(
        to_cut[:, :2] @ to_cut[:, :2].T / np.linalg.det(to_cut[:, :2]), np.eye(2), atol=1e-9
    )
    cut = cv2.warpAffine(picture, to_cut, (SIZE, SIZE), borderMode=cv2.BORDER_REFLECT)
    assert find_face(cut) is not None
    assert np.abs(put_back(picture, cut, to_cut).astype(int) - picture).mean() < 1


def test_everything_missing_is_named_at_once(root: Path, tmp_path: Path, portraits: dict[str, Path]) -> None:
    for name in WEIGHTS[:2]:
        (root / name).unlink()
    with pytest.raises(HairMapperError) as caught:
        run_hairmapper({"man": portraits["obama"]}, tmp_path, root)
    assert [name in str(caught.value) for name in WEIGHTS] == [True, True, False, False, False, False]


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("raise SystemExit('no CUDA device')", "main_mapper.py ended with status 1: no CUDA device"),
        ("pass", "without an error and without a result"),
    ],
)
def test_a_program_that_fails(
    program: str, said: str, root: Path, tmp_path: Path, portraits: dict[str, Path]
) -> None:
    (root / "main_mapper.py").write_text(program)
    with pytest.raises(HairMapperError, match=said):
        run_hairmapper({"man": portraits["obama"]}, tmp_path, root, sys.executable)


def test_an_interpreter_that_is_not_there(root: Path, tmp_path: Path, portraits: dict[str, Path]) -> None:
    with pytest.raises(HairMapperError, match=r"set bald\.python"):
        run_hairmapper({"man": portraits["obama"]}, tmp_path, root, "no-such-python")


def test_a_photograph_of_nobody(root: Path, tmp_path: Path) -> None:
    Image.new("RGB", (200, 200)).save(tmp_path / "noise.png")
    with pytest.raises(HairMapperError, match=r"noise\.png: no face found"):
        run_hairmapper({"noise": tmp_path / "noise.png"}, tmp_path, root, sys.executable)
