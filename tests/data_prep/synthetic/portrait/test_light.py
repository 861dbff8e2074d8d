import numpy as np
import pytest

from mriprivacy.data_prep.synthetic.portrait.light import Lamp, Light, Shadows, draw_light, linear, shade


def single(*rows):
    return np.array(rows, np.float32)


ABOVE = Light(
    (Lamp(single(0, 0, 1), single(1, 1, 1), 4.0),), np.zeros(3, np.float32), np.zeros(3, np.float32)
)


def plate(half_mm, height):
    x, y = np.meshgrid(np.arange(-half_mm, half_mm, 1.0), np.arange(-half_mm, half_mm, 1.0))
    return np.stack([x, y, np.full_like(x, height)], axis=-1).reshape(-1, 3).astype(np.float32)


def test_a_plate_throws_a_shadow_with_a_soft_edge():
    shadows = Shadows(ABOVE, plate(30, 50))
    places = np.stack([np.linspace(0, 60, 121), np.zeros(121), np.zeros(121)], axis=1).astype(np.float32)
    seen = shadows.open_to(0, places, bias_mm=5)
    assert seen[0] == 0
    assert seen[-1] == 1
    assert (np.diff(seen) >= 0).all()
    assert ((seen > 0) & (seen < 1)).sum() >= 4


def test_a_surface_does_not_shade_itself():
    points = plate(30, 0)
    np.testing.assert_array_equal(Shadows(ABOVE, points).open_to(0, points, bias_mm=2), 1)


def test_casters_behind_count_too():
    alone = Shadows(ABOVE, plate(5, 50))
    both = Shadows(ABOVE, plate(30, 60), behind=alone)
    far = single((20, 20, 0))
    assert alone.open_to(0, far, 5)[0] == 1
    assert both.open_to(0, far, 5)[0] == 0


def test_light_falls_off_with_the_cosine():
    normals = single((0, 0, 1), (0, np.sqrt(0.75), 0.5), (0, 0, -1))
    white, all_of_it = np.ones((3, 3), np.float32), np.ones(3, np.float32)
    radiance = shade(ABOVE, normals, white, [all_of_it], all_of_it)
    np.testing.assert_allclose(radiance[:, 0], [1, 0.5, 0], atol=1e-6)


def test_even_light_is_white_and_from_the_front():
    for seed in range(5):
        light = draw_light(np.random.default_rng(seed), 0.0)
        assert light.lamps[0].direction[0] == 0
        assert np.ptp(light.sky) == 0


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_lamps_are_unit_vectors_with_positive_colours(strength):
    for seed in range(20):
        for lamp in draw_light(np.random.default_rng(seed), strength).lamps:
            assert np.linalg.norm(lamp.direction) == pytest.approx(1)
            assert lamp.colour.min() > 0


def test_linear_keeps_black_and_white():
    np.testing.assert_allclose(linear(np.array([-0.1, 0, 1, 2])), [0, 0, 1, 1])
