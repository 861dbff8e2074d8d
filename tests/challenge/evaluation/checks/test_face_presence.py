"""What the kit cannot read is no protection: it is counted, named, and costs the rank."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mriprivacy.baselines.alignment import presence as module
from mriprivacy.baselines.alignment.presence import CANNOT_TELL, DEFACED, VERDICTS, WHOLE, Presence
from mriprivacy.baselines.face.scan import Scan, read_scan
from mriprivacy.challenge.compute.parallel import Compute, Lost
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.entry import entry as entries
from mriprivacy.challenge.entry.entry import ORIGINAL_TOO, may_be_ranked, unreadable
from mriprivacy.challenge.entry.entry_file import read_entry, write_entry
from mriprivacy.challenge.evaluation.checks import face_presence
from mriprivacy.challenge.evaluation.checks.face_presence import FacesLeft, look_for_faces
from mriprivacy.challenge.export.columns import platform_scores
from mriprivacy.challenge.intake.submission import SubmissionError
from mriprivacy.challenge.leaderboard.pages.terminal import summary
from mriprivacy.challenge.leaderboard.standings import board
from mriprivacy.challenge.leaderboard.tables import defacing
from mriprivacy.challenge.leaderboard.verdict import of_entry, why_not_ranked
from tests.helpers.board_entries import made_up
from tests.helpers.engine import ENGINE


def able():
    """An entry that may be ranked."""
    return next(entry for entry in map(made_up, range(20)) if may_be_ranked(entry))


def counted(seen: int, own: int, both: int) -> dict[str, int]:
    """Scans that are read, that are not, and that are not in the original either."""
    return {**dict.fromkeys(VERDICTS, 0), DEFACED: seen, CANNOT_TELL: own + both, ORIGINAL_TOO: both}


def test_words_are_those_of_the_verdict() -> None:
    assert entries.CANNOT_TELL == module.CANNOT_TELL


@pytest.mark.parametrize(
    ("seen", "own", "both", "ranked"),
    [(40, 0, 0, True), (39, 1, 0, False), (38, 0, 2, True), (37, 0, 3, False), (0, 40, 0, False)],
)
def test_none_is_tolerated_but_of_originals_that_cannot_be_read(
    seen: int, own: int, both: int, ranked: bool
) -> None:
    entry = replace(able(), presence=counted(seen, own, both))
    assert may_be_ranked(entry) == ranked
    assert bool(unreadable(entry)) != ranked
    if not ranked:
        assert why_not_ranked(entry) == unreadable(entry)
        assert f"not ranked: {unreadable(entry)}" in summary(entry)
        with pytest.raises(SubmissionError, match="cannot tell"):
            platform_scores(entry)


def test_a_system_gains_nothing_by_making_a_scan_unreadable() -> None:
    """Whichever scan it is: readable in the original, or not."""
    entry = able()
    for seen, own, both in product(range(1, 24), range(3), range(3)):
        if may_be_ranked(replace(entry, presence=counted(seen, own, both))):
            continue
        for more in ((1, 0), (0, 1)):
            changed = counted(seen - 1, own + more[0], both + more[1])
            assert not may_be_ranked(replace(entry, presence=changed))


def test_entry_board_and_verdict_show_it(tmp_path: Path) -> None:
    entry = replace(able(), presence=counted(22, 2, 0))
    write_entry(tmp_path, entry)
    assert read_entry(tmp_path / entry.path) == entry
    table = defacing(board([entry, made_up(1)]))
    shown = {row[1].entry: row[table.header.index("cannot tell")].text for row in table.rows}
    assert (shown[entry.path], shown[made_up(1).path]) == ("2/24", "n/a")
    line = next(line for line in of_entry(entry).lines if line.what == "faces left")
    assert "22 defaced, 2 cannot tell" in line.meaning
    assert "cannot tell" not in defacing(board([made_up(1)])).header


def test_scans_and_originals_are_told_apart(
    tiny_edition: Edition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scan that is bad in the original is no fault of the system's."""
    scans = {("eval", probe): tiny_edition.eval.scan(probe) for probe in tiny_edition.eval.probes}
    (bad, own), *_ = ((one, other) for one, other in zip(scans, list(scans)[1:], strict=False))
    unreadable_data = read_scan(scans[bad]).data
    sent = {**scans, own: tmp_path / "sent.nii.gz"}
    sent[own].write_bytes(scans[bad].read_bytes())

    def seen(scan: Scan, cache: Path) -> Presence:
        same = np.array_equal(scan.data, unreadable_data)
        lost = Presence(CANNOT_TELL, reason="no head (nmi 1.01)")
        return lost if same else Presence(DEFACED, scan_to_head=np.eye(4))

    room = "mriprivacy.challenge.evaluation.checks.face_presence."
    monkeypatch.setattr(room + "presence", seen)
    monkeypatch.setattr(room + "judge", lambda small, *_: Presence(CANNOT_TELL, reason="no head (nmi 1.02)"))
    left = look_for_faces(tiny_edition, sent, (), tmp_path, ENGINE)
    assert left.counts == counted(len(scans) - 2, 1, 1)
    assert not left.whole
    assert left.heads.keys() == {probe for _, probe in scans} - {bad[1], own[1]}
    assert sorted(left.remarks) == sorted(
        f"faces: cannot tell in these scans{more} whether a face is left: no head (1 scan: {probe})"
        for (_, probe), more in ((bad, " and in their originals"), (own, ""))
    )


def test_what_remains_is_judged_where_the_original_lay(
    tiny_edition: Edition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stripped brain may be too little to register; that is no fault of who stripped it."""
    probe, *_ = tiny_edition.eval.probes
    sent = {("eval", probe): tmp_path / "sent.nii.gz"}
    image = nib.load(tiny_edition.eval.scan(probe))
    nib.save(nib.Nifti1Image(np.asanyarray(image.dataobj)[::1] // 2, image.affine), sent["eval", probe])
    original, place, asked = read_scan(tiny_edition.eval.scan(probe)), np.diag([1.0, 1, 1.1, 1]), []

    def seen(scan: Scan, cache: Path) -> Presence:
        same = np.array_equal(scan.data, original.data)
        return Presence(WHOLE, scan_to_head=place) if same else Presence(CANNOT_TELL, reason="too little")

    def judged(small: Scan, scan_to_head: np.ndarray, air: float) -> Presence:
        asked.append(scan_to_head)
        return Presence(DEFACED)

    room = "mriprivacy.challenge.evaluation.checks.face_presence."
    monkeypatch.setattr(room + "presence", seen)
    monkeypatch.setattr(room + "judge", judged)
    left = look_for_faces(tiny_edition, sent, (), tmp_path, ENGINE)
    assert left == FacesLeft(counted(1, 0, 0), (), frozenset(), {})
    assert [own.tolist() for own in asked] == [place.tolist()]


@pytest.mark.parametrize(
    ("in_place", "judged_there", "registered", "verdict"),
    [
        (True, WHOLE, ["original"], WHOLE),
        (True, CANNOT_TELL, ["original", "sent"], DEFACED),
        (False, WHOLE, ["sent"], DEFACED),
    ],
    ids=["the brain is in place", "but nothing is seen there", "the brain was moved"],
)
def test_a_scan_whose_brain_is_in_place_is_not_registered_again(
    in_place: bool,
    judged_there: str,
    registered: list[str],
    verdict: str,
    tiny_edition: Edition,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    probe, *_ = tiny_edition.eval.probes
    sent = {("eval", probe): tmp_path / "sent.nii.gz"}
    image = nib.load(tiny_edition.eval.scan(probe))
    nib.save(nib.Nifti1Image(np.asanyarray(image.dataobj) // 2, image.affine), sent["eval", probe])
    original = read_scan(tiny_edition.eval.scan(probe))
    lay, own, asked = np.diag([1.0, 1, 1.1, 1]), np.diag([1.0, 1, 0.9, 1]), []

    def seen(scan: Scan, cache: Path) -> Presence:
        asked.append("original" if np.array_equal(scan.data, original.data) else "sent")
        if asked[-1] == "original":
            return Presence(WHOLE, scan_to_head=lay)
        return Presence(DEFACED, scan_to_head=own)

    def judged(small: Scan, scan_to_head: np.ndarray, air: float) -> Presence:
        known = None if judged_there == CANNOT_TELL else scan_to_head
        return Presence(judged_there, reason="no head", scan_to_head=known)

    room = "mriprivacy.challenge.evaluation.checks.face_presence."
    monkeypatch.setattr(room + "presence", seen)
    monkeypatch.setattr(room + "judge", judged)
    left = look_for_faces(tiny_edition, sent, {probe} if in_place else (), tmp_path, ENGINE)
    assert asked == registered
    assert left.counts[verdict] == 1
    assert left.heads[probe].tolist() == (lay if verdict == WHOLE else own).tolist()


def test_scans_are_counted_by_what_is_left_and_a_whole_face_is_named(
    tiny_edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of five one ended its worker, which is no fault of the original."""
    probes = sorted(tiny_edition.eval.probes)
    scans = {("eval", probe): Path(probe) for probe in reversed(probes)}
    asked = []

    def looked(function: object, jobs: list, label: str, compute: Compute) -> list:
        asked.extend(jobs)
        assert (function, label, compute) == (face_presence._look, "faces left", ENGINE)
        lost = Presence(CANNOT_TELL, reason="x (1)")
        seen = [Presence(WHOLE, scan_to_head=np.eye(4)), Presence(DEFACED), lost]
        both = face_presence._Looked(Presence(CANNOT_TELL, reason="x (2)"), original_too=True)
        return [*map(face_presence._Looked, seen), both, Lost("took too long")]

    monkeypatch.setattr(face_presence, "run_untrusted", looked)
    left = look_for_faces(tiny_edition, scans, {probes[1]}, Path("cache"), ENGINE)
    assert [(job.original, job.defaced, job.in_place, job.cache) for job in asked] == [
        (tiny_edition.eval.scan(probe), Path(probe), probe == probes[1], Path("cache")) for probe in probes
    ]
    assert left.counts == {**counted(1, 2, 1), WHOLE: 1}
    assert left.whole == {probes[0]}
    assert list(left.heads) == [probes[0]]
    assert left.remarks == (
        f"faces: cannot tell in these scans whether a face is left: x (1 scan: {probes[2]})",
        "faces: cannot tell in these scans and in their originals whether a face is left: x "
        f"(1 scan: {probes[3]})",
        f"faces: cannot tell in these scans whether a face is left: took too long (1 scan: {probes[4]})",
    )
