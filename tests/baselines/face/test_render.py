import numpy as np
import pytest

from mriprivacy.baselines.face import render
from mriprivacy.baselines.face.render import face_centre
from mriprivacy.baselines.face.scan import Scan
from mriprivacy.baselines.face.surface import reconstruct
from mriprivacy.baselines.face.views import LIGHTS, View, ViewError, make_views


def ball() -> Scan:
    x, y, z = np.mgrid[-40:40, -40:40, -40:40]
    return Scan((x**2 + y**2 + z**2 < 30**2).astype(np.float32), np.eye(4))


def test_the_picture_shows_the_head_on_a_plain_background() -> None:
    surface = reconstruct(ball(), 2.0)
    small, large = (render.render(surface, [View(0, 0)], size)[0] for size in (100, 200))
    assert small.shape == (100, 100, 3)
    assert large.shape == (200, 200, 3)
    corner = large[0, 0].astype(int)
    head = (np.abs(large.astype(int) - corner).sum(axis=2) > 30).mean()
    assert 0.01 < head < 0.2  # a ball of 60 mm in a picture of 270 mm
    assert (large[0] == large[0, 0]).all()


def test_a_longer_neck_does_not_move_the_camera() -> None:
    mesh = reconstruct(ball(), 2.0).mesh
    longer = mesh.copy()
    longer.points[longer.points[:, 2] < -29] -= np.array([0, 0, 100], dtype=np.float32)
    assert np.allclose(face_centre(mesh)[2], face_centre(longer)[2])


def test_views_are_named_for_files() -> None:
    assert View(-12, 8).name == "yaw-12_pitch+8"
    assert View(0, 0, "left").name == "yaw+0_pitch+0_left"


def test_ten_renders_are_five_views_in_two_lights() -> None:
    views = make_views(lights=["above", "left"])
    assert len(set(views)) == 10
    assert views[:5] == make_views()  # the standard ones come first, as they are


@pytest.mark.parametrize(
    ("angles", "lights", "message"),
    [
        ([[0, 0, 0]], ["above"], r"view \[0, 0, 0\] is none; expected \[yaw, pitch\]"),
        ([[90, 0]], ["above"], "within 60 of the front"),
        ([0, "front"], ["above"], r"view 0 is none.*view front is none"),
        ([[0, 0]], ["moon"], "light 'moon' is unknown; expected some of above, left, right, below"),
        ([], ["above"], "no view"),
    ],
)
def test_what_is_no_view_is_told(angles: list[list[float]], lights: list[str], message: str) -> None:
    with pytest.raises(ViewError, match=message):
        make_views(angles, lights)


def test_each_lamp_lights_its_own_side() -> None:
    surface = reconstruct(ball(), 2.0)
    pictures = render.render(surface, [View(0, 0, light) for light in (*LIGHTS, "above")], 200)
    sides = {}
    for name, picture in zip(LIGHTS, pictures, strict=False):
        bright = picture.astype(float).sum(axis=2)
        rows, columns = np.nonzero(np.abs(bright - bright[0, 0]) > 30)
        lit = bright[rows, columns]
        sides[name] = (lit @ (columns - columns.mean()), lit @ (rows.mean() - rows))
    assert sides["left"][0] < 0 < sides["right"][0]
    assert sides["below"][1] < 0 < sides["left"][1] < sides["above"][1]
    assert (pictures[-1] == pictures[0]).all()  # the lamp comes back
