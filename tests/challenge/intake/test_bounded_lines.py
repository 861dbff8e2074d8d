"""Lines that fit into a channel, to the character."""

from hypothesis import given
from hypothesis import strategies as st

from mriprivacy.challenge.intake.bounded_lines import bounded


@given(
    lines=st.lists(st.text("abc", min_size=1, max_size=60), min_size=1, max_size=9),
    longest=st.integers(60, 200),
    joint=st.integers(0, 3),
)
def test_lines_fit_and_as_many_of_them_as_do(lines: list[str], longest: int, joint: int) -> None:
    found = bounded(lines, longest, joint)
    assert len((" " * joint).join(found)) <= longest
    if len((" " * joint).join(lines)) <= longest:
        assert found == tuple(lines)
        return
    *kept, last = found
    left = len(lines) - len(kept)
    assert last == f"and {left} more; check shows all"
    room = longest - joint - len(f"and {len(lines)} more; check shows all")
    assert kept[1:] == lines[1 : len(kept)]
    assert kept[0] == (lines[0] if len(lines[0]) <= room else lines[0][: room - 3] + "...")
    assert len((" " * joint).join([*kept, lines[len(kept)]])) > room


def test_one_line_alone_has_all_the_room() -> None:
    assert bounded(["x" * 50], 50) == ("x" * 50,)
    assert bounded(["x" * 51], 50) == ("x" * 47 + "...",)
    assert bounded(["x" * 25, "y" * 24], 50) == ("x" * 25, "y" * 24)
    assert bounded(["x" * 25, "y" * 25], 50)[1] == "and 1 more; check shows all"
