import numpy as np

from mriprivacy.data_prep.synthetic.portrait.camera import develop, draw_background, draw_camera, tone


def drawn(pixels, alpha):
    picture = np.zeros((2 * pixels, 2 * pixels, 4), np.uint8)
    picture[..., :3], picture[..., 3] = 128 * alpha // 255, alpha
    return picture


def test_a_perfect_camera_leaves_the_picture_alone():
    camera = draw_camera(np.random.default_rng(0), light=0.0, faults=0.0)
    background = np.full((64, 64, 3), 0.25, np.float32)
    whole, nothing = develop([drawn(64, 255), drawn(64, 0)], background, camera, np.random.default_rng(0))
    assert np.abs(whole.astype(int) - 128).max() <= 2
    assert np.abs(nothing.astype(int) - 64).max() <= 2
    assert camera.exposure == 1


def test_both_conditions_get_the_same_noise():
    camera = draw_camera(np.random.default_rng(1), 1.0, 1.0)
    background = draw_background(np.random.default_rng(1), 64, 1.0)
    first, second = develop([drawn(64, 255)] * 2, background, camera, np.random.default_rng(2))
    np.testing.assert_array_equal(first, second)
    assert first.std() > 0.3


def test_cameras_differ_in_all_they_have():
    cameras = [draw_camera(np.random.default_rng(seed), 1.0, 1.0) for seed in range(40)]
    for name in ("distance_mm", "half_mm", "exposure", "blur", "noise", "quality", "vignette"):
        assert len({getattr(camera, name) for camera in cameras}) > 15
    assert min(camera.distance_mm for camera in cameras) > 450
    assert min(camera.quality for camera in cameras) >= 45


def test_backgrounds_are_colours_of_the_asked_size():
    for seed in range(10):
        picture = draw_background(np.random.default_rng(seed), 50, 1.0)
        assert picture.shape == (50, 50, 3)
        assert 0 <= picture.min() <= picture.max() <= 1


def test_tone_is_monotonous_and_ends_at_white():
    values = tone(np.linspace(-0.1, 10, 1000, dtype=np.float32))
    assert (np.diff(values.astype(int)) >= 0).all()
    assert values[0] == 0
    assert values[-1] == 255
