"""Ended by force at random moments, out of room, two at once: nothing is lost, and nothing is different.

    uv run pytest -n 0 -s -m slow tests/challenge/commands/test_interrupted.py

Every moment is a share of the processor time that the undisturbed run takes, drawn from a seed.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.helpers.in_ci import skip_but_not_in_ci

pytestmark = pytest.mark.slow

KILLS = {"evaluate": 50, "build": 5, "attack": 5}
PEOPLE = 8
SEED = 20
TICKS = os.sysconf("SC_CLK_TCK")


MRIPRIVACY = [sys.executable, "-c", "import sys; from mriprivacy.challenge.cli import main; sys.exit(main())"]


def begin(words: Sequence[str]) -> subprocess.Popen[str]:
    """Start a command in a process group of its own; its workers are in it, too."""
    return subprocess.Popen(
        [*MRIPRIVACY, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finish(words: Sequence[str], status: int = 0) -> str:
    with begin(words) as process:
        printed, _ = process.communicate()
    assert process.returncode == status, printed
    assert "Traceback" not in printed
    return printed


def processor_seconds(group: int) -> float:
    """User and system time of the processes of a group, ended children included."""
    ticks = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # ended meanwhile
            continue
        if int(fields[2]) == group:
            ticks += sum(map(int, fields[11:15]))
    return ticks / TICKS


def watched(words: Sequence[str], limit: float = float("inf")) -> tuple[float, bool]:
    """Run a command until its group has used so much processor time, then kill it; time used, and whether."""
    used = 0.0
    with begin(words) as process:
        while process.poll() is None:
            used = max(used, processor_seconds(process.pid))
            if used >= limit:
                os.killpg(process.pid, signal.SIGKILL)
                return used, True
            time.sleep(0.1)
        assert process.stdout is not None
        printed = process.stdout.read()
        assert process.returncode == 0, printed
    return used, False


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def without_seconds(entries: Path) -> bytes:
    (path,) = entries.rglob("*.json")
    (before, _, after) = path.read_bytes().partition(b'"seconds": {')
    return before + after.partition(b"}")[2]


def litter(folder: Path) -> int:
    return sum(path.name.startswith(".partial-") for path in folder.rglob("*"))


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """People, an edition of them and a submission to it."""
    folder = tmp_path_factory.mktemp("interrupted")
    people = ["cohort", f"cohort.subjects={PEOPLE}", "cohort.scans.spacing_mm=2.5", f"output={folder}/people"]
    finish([*people, "compute.workers=2"])
    finish(build(folder, folder / "edition"))
    blurred = ["deface", "defacer=blur", f"edition={folder}/edition/public", f"output={folder}/blur"]
    finish([*blurred, f"cache={folder}/c", "compute.workers=2"])
    return folder


def build(folder: Path, output: Path) -> list[str]:
    small = ["spacing_mm=2.5", "size=200", "bootstrap=100", "reanalysed=1", "attacks=[geo,deepface]"]
    words = [f"cohort.root={folder}/people", "seed=3", "edition.hair_removal=none", f"output={output}"]
    return ["build", *words, *(f"protocol.{word}" for word in small), "compute.workers=2"]


def evaluate(folder: Path, output: Path, submission: str = "blur") -> list[str]:
    places = [f"{name}={output}/{name}" for name in ("output", "cache", "record")]
    words = [f"edition={folder}/edition", f"submission={folder}/{submission}", *places, "compute.workers=2"]
    return ["evaluate", *words, "team=reference"]


def attack(folder: Path, output: Path) -> list[str]:
    words = [
        "attack=geo",
        "attack.spacing_mm=2.5",
        f"edition={folder}/edition/public",
        f"cache={output}/cache",
    ]
    return ["attack", *words, f"output={output}/attack", "compute.workers=2"]


def test_an_evaluation_that_is_killed_again_and_again(work: Path, tmp_path: Path) -> None:
    """Each run takes up what is there and is killed at a random moment, unless it has come to its end."""
    rng = random.Random(SEED)
    total, _ = watched(evaluate(work, tmp_path / "whole"))
    whole = without_seconds(tmp_path / "whole" / "output")
    print(f"\nundisturbed: {total:.0f} s of processor time, an entry of {len(whole)} bytes")
    own, kills, ended, halves = tmp_path / "killed", 0, 0, 0
    while kills < KILLS["evaluate"] or own.exists():
        more = kills < KILLS["evaluate"]
        # Half the time at most, so that an evaluation is killed several times before it comes to its end.
        limit = rng.uniform(0, total / 2) if more else float("inf")
        used, killed = watched(evaluate(work, own), limit)
        kills += killed
        if killed:
            found = litter(own) if own.exists() else 0
            halves += found
            print(f"kill {kills}: at {used:.1f} s of {total:.0f} s, {found} half files there", flush=True)
            continue
        assert without_seconds(own / "output") == whole
        log = [json.loads(line)["event"] for line in (own / "record" / "submissions.jsonl").open()]
        assert log == ["accepted", "evaluated"]
        assert litter(own / "output") == 0
        ended += 1
        print(f"    ended after {used:.1f} s more: the same entry", flush=True)
        shutil.rmtree(own)
    print(f"{kills} kills, {ended} evaluations from nothing to the end, every entry equal")


@pytest.mark.parametrize("what", ["build", "attack"])
def test_a_build_or_an_attack_that_is_killed(what: str, work: Path, tmp_path: Path) -> None:
    """One after the other, each from what the ones before left; in the end every byte is the same."""
    rng = random.Random(SEED)
    make = {"build": lambda out: build(work, out / "edition"), "attack": lambda out: attack(work, out)}[what]
    made = {"build": "edition", "attack": "attack"}[what]
    total, _ = watched(make(tmp_path / "whole"))
    output, kills = tmp_path / "killed" / made, 0
    while not output.exists():  # what is there, is whole
        limit = rng.uniform(0, total) if kills < KILLS[what] else float("inf")
        used, killed = watched(make(tmp_path / "killed"), limit)
        kills += killed
        print(f"{what}: {'killed' if killed else 'ended'} at {used:.1f} s of {total:.0f} s", flush=True)
    assert contents(output) == contents(tmp_path / "whole" / made)
    print(f"{what}: {kills} kills in a row, {len(contents(output))} files, all equal")


def test_two_evaluations_at_once(work: Path, tmp_path: Path) -> None:
    """Of one submission, with one cache, one log and one folder of entries."""
    first, second = begin(evaluate(work, tmp_path)), begin(evaluate(work, tmp_path))
    for process in (first, second):
        printed, _ = process.communicate()
        assert process.returncode == 0, printed
    finish(evaluate(work, tmp_path / "alone"))
    assert without_seconds(tmp_path / "output") == without_seconds(tmp_path / "alone" / "output")
    log = [json.loads(line)["event"] for line in (tmp_path / "record" / "submissions.jsonl").open()]
    assert log == ["accepted", "evaluated"]


def test_a_full_disk_ends_with_one_line_and_goes_on_with_room(work: Path, tmp_path: Path) -> None:
    """A file system of one megabyte for all that is written; then it is made larger."""
    small = tmp_path / "small"
    small.mkdir()
    words = " ".join([*map(repr, MRIPRIVACY), *evaluate(work, small)])
    script = f"""
        mount -t tmpfs -o size=1m tmpfs {small} || exit 99
        {words}; echo status $?
        mount -o remount,size=100m {small}
        {words}; echo status $?
        cp -r {small}/output {tmp_path}/kept"""
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 99:
        skip_but_not_in_ci("no file system of our own can be made here")
    (full,) = [line for line in done.stderr.splitlines() if line.startswith("mriprivacy: ")]
    print("\n" + full)
    assert "No space left on device" in full
    assert str(small) in full
    assert "Traceback" not in done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith("status")] == [
        "status 2",
        "status 0",
    ]
    finish(evaluate(work, tmp_path / "alone"))
    assert without_seconds(tmp_path / "kept") == without_seconds(tmp_path / "alone" / "output")
