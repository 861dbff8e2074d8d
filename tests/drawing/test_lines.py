import numpy as np
import pytest

from mriprivacy.drawing import draw_lines


def drawn(points: list[list[float]], width: int = 1, nearness: float = 0.0) -> np.ndarray:
    picture, depth = np.zeros((9, 9, 4), np.uint8), np.full((9, 9), nearness)
    colours = np.full((1, len(points), 3), 200, np.uint8)
    after, _ = draw_lines(picture, depth, np.array([points]), colours, width)
    assert not picture.any()
    return after


@pytest.mark.parametrize("end", [[8.5, 0.5], [8.5, 4.2], [8.5, 8.5], [2.0, 8.5], [0.5, 8.5]])
def test_a_line_has_a_pixel_in_every_column_or_row_that_it_crosses(end: list[float]) -> None:
    there = drawn([[0.5, 0.5, 0.1], [*end, 0.1]])[..., 3] > 0
    assert there.sum() == 8
    assert there.any(axis=0).sum() == 8 or there.any(axis=1).sum() == 8


def test_a_bent_line_shares_no_pixel_with_itself_and_has_no_gap() -> None:
    there = drawn([[0.2, 4.5, 0.1], [3.3, 4.5, 0.1], [8.9, 4.5, 0.1]])[..., 3] > 0
    assert there[4].sum() == 9
    assert there.sum() == 9


def test_wide_lines_are_as_wide_as_is_said() -> None:
    there = drawn([[0.0, 4.5, 0.1], [9.0, 4.5, 0.1]], 3)[..., 3] > 0
    assert (there.sum(axis=0) == 3).all()
    assert there[3:6].all()


def test_what_is_nearer_hides_a_line() -> None:
    assert drawn([[0.0, 4.5, 0.1], [9.0, 4.5, 0.1]], nearness=0.2).max() == 0
    half = drawn([[0.0, 4.5, 0.1], [9.0, 4.5, 0.3]], nearness=0.2)
    assert 3 <= (half[4, :, 3] > 0).sum() <= 5


def test_colours_run_from_point_to_point() -> None:
    picture = np.zeros((10, 10, 4), np.uint8)
    line, colours = (
        np.array([[[0.0, 0.5, 0.1], [10.0, 0.5, 0.1]]]),
        np.array([[[0] * 3, [100] * 3]], np.uint8),
    )
    picture, _ = draw_lines(picture, np.zeros((10, 10)), line, colours, 1)
    assert picture[0, :, 0].tolist() == [5, 15, 25, 35, 45, 55, 65, 75, 85, 95]


def test_a_line_out_of_the_picture_draws_nothing() -> None:
    assert drawn([[-50.0, -50.0, 0.1], [-20.0, 90.0, 0.1]]).max() == 0
    assert drawn([[4.5, 4.5, 0.1], [4.5, 4.5, 0.1]]).max() == 0
