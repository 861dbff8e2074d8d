"""When a game is named, and how: from shares of faces and of heads that are given."""

from types import SimpleNamespace

import numpy as np
import pytest

from mriprivacy.challenge.evaluation.checks import games as playing
from mriprivacy.challenge.evaluation.checks.kept_face import KeptFace
from mriprivacy.challenge.evaluation.checks.same_defacing import TwoSample
from mriprivacy.challenge.evaluation.checks.whose_face import OthersFace

NOTHING, NONE = np.zeros((1, 1, 1), np.float32), np.zeros((1, 1, 1), bool)


def kept(face: float, head: float) -> KeptFace:
    return KeptFace(face, head, NOTHING, NOTHING, NOTHING, NOTHING, NONE)


def test_a_scan_is_the_original_but_for_less_than_a_hundredth() -> None:
    scans = {"a": kept(1, 0.991), "b": kept(1, 0.99), "c": kept(0.2, 1.0)}
    (line,) = playing._not_defaced(scans)
    assert line.startswith("not defaced: 2 of 3 scans are the originals")
    assert line.endswith("(a, c)")
    assert playing._not_defaced({"b": kept(1, 0.99)}) == []


@pytest.mark.parametrize(
    ("inside", "others", "same", "named"),
    [(1, 9, 0, True), (1, 10, 0, False), (2, 18, 0, True), (0, 5, 0, False), (0, 9, 1, False)],
)
def test_faces_are_inside_of_a_tenth_of_the_scans(inside: int, others: int, same: int, named: bool) -> None:
    """Of four fifths of its voxels; a scan that is the original is named as that."""
    faces = [(0.8, 0.5)] * inside + [(0.79, 0.5)] * others + [(1.0, 1.0)] * same
    scans = {f"s{i}": kept(*one) for i, one in enumerate(faces)}
    lines = playing._face_inside(scans)
    assert len(lines) == named
    assert all(f"in {inside} of {len(scans)} scans 80% or more" in line for line in lines)


@pytest.mark.parametrize(
    ("before", "after", "named"), [(0, 1, True), (1, 1, False), (0, 0, False), (1, 0, False)]
)
def test_splits_differ_that_did_not_before(
    before: int, after: int, named: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    apart = {0: TwoSample(0.5, 0.5), 1: TwoSample(0.93, 0.0)}

    def split_test(scans: int, kept: object, subjects: object, defaced: bool) -> TwoSample:
        assert defaced == (scans == "after")
        return apart[after if defaced else before]

    monkeypatch.setattr(playing, "split_test", split_test)
    context = SimpleNamespace(sealed=SimpleNamespace(subjects={}))
    seen = [SimpleNamespace(scans=name) for name in ("before", "after")]
    lines = playing._splits_differ(context, {}, *seen)  # type: ignore[arg-type]
    assert len(lines) == named
    assert all("(balanced accuracy 0.93, p 0.0001)" in line for line in lines)


def test_a_scan_is_named_once_with_whose_face_it_holds() -> None:
    assert playing._named([], 3) == []
    (line,) = playing._named([OthersFace("a", "b"), OthersFace("c", "a")], 5)
    assert line == (
        "faces of other people: in 2 of 5 scans (the head of b is in the scan of a, "
        "the head of a is in the scan of c)"
    )


def test_the_kept_share_is_of_the_faces_of_eval_that_are_known() -> None:
    context = SimpleNamespace(
        edition=SimpleNamespace(eval=SimpleNamespace(probes=["a", "b", "c", "d"])),
        sealed=SimpleNamespace(subjects={name: name for name in "abcde"}),
        protocol=SimpleNamespace(bootstrap=50, bootstrap_seed=0),
    )
    scans = {"a": kept(0.2, 0), "b": kept(np.nan, 0), "c": kept(0.6, 0), "e": kept(1, 0)}
    found = playing.face_figures(context, scans)  # type: ignore[arg-type]
    assert found["kept_share"].value == pytest.approx(0.4)
    assert found["kept_share"].n == 2
    assert playing.face_figures(context, {"b": scans["b"]}) == {}  # type: ignore[arg-type]


def test_games_are_named_one_after_the_other_and_heads_before_outlines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a scan that holds somebody's outline and another one's face the face is named."""
    asked = []

    def outlines(before: dict, after: dict, subjects: dict) -> list[OthersFace]:
        asked.append((before, after, subjects))
        return [OthersFace("a", "b"), OthersFace("c", "d")]

    monkeypatch.setattr(playing, "others_outlines", outlines)
    monkeypatch.setattr(playing, "others_faces", lambda scans, subjects: [OthersFace("a", "e")])
    monkeypatch.setattr(playing, "_splits_differ", lambda *given: ["splits"])
    context = SimpleNamespace(sealed=SimpleNamespace(subjects="subjects"))
    own, other = {"volume": 1, "geo": 2}, {"geo": 3}
    states = [
        SimpleNamespace(scans={
            "dev": {"a": SimpleNamespace(vectors=first)}, "eval": {"c": SimpleNamespace(vectors=second)}
        })
        for first, second in ((own, own), (own, other))
    ]  # fmt: skip
    scans = {"a": kept(0.9, 0.5), "c": kept(0.1, 1.0)}
    lines = playing.games(context, scans, *states)  # type: ignore[arg-type]
    assert asked == [({"a": 1, "c": 1}, {"a": 1}, "subjects")]
    assert [line.split(":")[0] for line in lines] == [
        "not defaced", "the original face is inside", "faces of other people", "splits"
    ]  # fmt: skip
    assert lines[2].startswith("faces of other people: in 2 of 2 scans (the head of e is in the scan of a, ")
    assert playing.games(context, {}, *states) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(("p", "shown"), [(0.0, "0.0001"), (0.0001, "0.0001"), (0.0004, "0.0004")])
def test_a_p_of_nothing_is_shown_as_the_least_that_permutations_tell(
    p: float, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    apart = {True: TwoSample(0.9, p), False: TwoSample(0.5, 0.5)}
    monkeypatch.setattr(playing, "split_test", lambda *_, defaced: apart[defaced])
    seen = SimpleNamespace(scans={})
    (line,) = playing._splits_differ(SimpleNamespace(sealed=SimpleNamespace(subjects={})), {}, seen, seen)  # type: ignore[arg-type]
    assert f", p {shown})" in line
