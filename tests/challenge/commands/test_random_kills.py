"""The organizer's commands, killed at random: nothing lost, nothing falsely reported, and the next goes on.

    uv run pytest -n 0 -s -m slow tests/challenge/commands/test_random_kills.py --kills 500

Commands run in forks of this process, which has imported everything. A kill comes at a moment, or before a
step that changes the disk; both are drawn from a seed.
"""

import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyrage
import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition import encryption as vault
from mriprivacy.challenge.edition.encryption import LOCKED, opened
from mriprivacy.challenge.edition.integrity import verify_edition, verify_sealed
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.entry.entry_file import file_digest
from mriprivacy.challenge.intake.description import write_submission_json
from mriprivacy.challenge.submission_log.log import LOG, Event, read_chain, read_log
from mriprivacy.data_prep.editions.build_edition import EditionConfig, build_edition
from mriprivacy.data_prep.formats.manifest import write_commitment, write_manifest
from mriprivacy.data_prep.formats.schema import SCORE_COLUMNS
from mriprivacy.data_prep.formats.tables.tsv import write_table
from tests.helpers.build_words import words as build_words
from tests.helpers.interruptions import end_before

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]

SEED = 22
COMMANDS = ("lock or unlock", "evaluate", "repair", "build", "rank")
SEQUENTIAL = "compute=sequential"


@dataclass
class World:
    """An organizer's folder: an edition, its log, entries, a board; and what commands said that they did."""

    home: Path
    cohort: Path
    key: Path
    recipient: str
    sealed: dict[str, bytes]
    built: dict[str, bytes]
    rng: random.Random
    acknowledged: list[Event] = field(default_factory=list)
    submissions: int = 0
    says: Counter[str] = field(default_factory=Counter)

    @property
    def edition(self) -> Path:
        return self.home / "edition"

    @property
    def record(self) -> Path:
        return self.home / "record"

    def words(self, command: str) -> list[str]:
        """Return the words of a command as it would be typed now."""
        locked = (self.edition / LOCKED).exists()
        identity = [f"identity={self.key}"] if locked else []
        if command == "lock or unlock":
            own = identity or [f"recipients=[{self.recipient}]"]
            return ["unlock" if locked else "lock", f"edition={self.edition}", *own]
        if command == "evaluate":
            submission = self.submit()
            to = [f"submission={submission}", f"output={self.home / 'entries'}", f"record={self.record}"]
            free = [
                "limits.open_key=true",
                "limits.per_day=0",
                "limits.total=0",
                f"cache={self.home / 'cache'}",
            ]
            return ["evaluate", f"edition={self.edition}", *identity, *to, *free, SEQUENTIAL]
        if command == "repair":
            self.damage()
            return ["repair", f"record={self.home / 'damaged'}"]
        if command == "build":
            return [*build_words(self.cohort, self.home / "built"), SEQUENTIAL]
        board = [f"output={self.home / 'board'}", f"record={self.record}", "site=false"]
        return ["rank", f"entries={self.home / 'entries'}", *board]

    def submit(self) -> Path:
        """Write a submission of a team of its own."""
        self.submissions += 1
        folder, edition = self.home / "submission", open_edition(self.edition)
        shutil.rmtree(folder, ignore_errors=True)
        about = {"description": "A test.", "licence": "MIT", "contact": "a@b.org"}
        team = f"t{self.submissions % 10}"  # ten teams, so that boards stay small
        write_submission_json(
            folder,
            edition=edition.name,
            track="attack",
            team=team,
            system=f"s{self.submissions % 3}",
            **about,
        )
        rows = [(p, r, repr(self.rng.random())) for p, r in edition.eval.trials]
        write_table(folder / "scores.tsv", SCORE_COLUMNS, rows)
        return folder

    def damage(self) -> None:
        """Copy the record and lose its end, its middle or its head."""
        folder = self.home / "damaged"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.record, folder)
        lines = (folder / LOG).read_bytes().splitlines(keepends=True)
        del lines[self.rng.randrange(len(lines)) :: self.rng.choice([1, 100])]
        (folder / LOG).write_bytes(b"".join(lines))

    def killed(self, words: Sequence[str], at: float, step: int) -> tuple[int | None, str]:
        """Run a command that is killed at a moment, or before a step; status, None if killed, and output."""
        printed = self.home / "printed"
        printed.unlink(missing_ok=True)

        def work() -> int:
            handle = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(handle, 1)
            os.dup2(handle, 2)
            sys.stdout, sys.stderr = (os.fdopen(number, "w", buffering=1) for number in (1, 2))
            return main(list(words))

        if step:
            status = end_before(step, "kill", self.home, self.home / "steps", work)
        else:
            child = os.fork()
            if not child:
                try:
                    os._exit(work())
                finally:
                    os._exit(99)
            end = time.monotonic() + at
            while (ended := os.waitpid(child, os.WNOHANG))[0] == 0 and time.monotonic() < end:
                time.sleep(0.002)
            if not ended[0]:
                os.kill(child, signal.SIGKILL)
                ended = os.waitpid(child, 0)
            status = None if os.WIFSIGNALED(ended[1]) else os.waitstatus_to_exitcode(ended[1])
        return status, printed.read_text() if printed.exists() else ""  # killed before it could open it

    def undisturbed(self, words: Sequence[str]) -> tuple[int, str]:
        status, printed = self.killed(words, 600, 0)
        assert status in (0, 2, 3), printed
        assert "Traceback" not in printed, printed
        return status, printed

    def check_key(self) -> None:
        """A whole key is there; `verify` says either where it is, or the way out."""
        sealed = self.edition / "sealed"
        whole = sealed.is_dir() and not verify_sealed(self.edition / "public", sealed)
        if not whole:
            with opened(self.edition, self.key) as root:
                assert verify_edition(root) == ()
        status, printed = self.undisturbed(["verify", f"edition={self.edition}"])
        if status == 0:
            assert sealed.is_dir() != (self.edition / LOCKED).exists()
            assert ("are what KEY.commitment commits to" in printed) == whole
        else:
            assert "mriprivacy unlock edition=" in printed
            self.says["verify names an interrupted state"] += 1

    def check_log(self) -> None:
        """Every acknowledged line is in the log, once and in its place; no submission is there twice."""
        events = read_log(self.record)
        assert list(events[: len(self.acknowledged)]) == self.acknowledged
        for event in ("accepted", "evaluated"):
            of_event = [e.submission for e in events if e.event == event]
            assert len(set(of_event)) == len(of_event)
        self.acknowledged = list(events)

    def check_said(self, command: str, printed: str) -> None:
        """What a command printed before it was killed is so."""
        if "encrypted, and sealed/ removed" in printed:
            assert (self.edition / LOCKED).is_file()
            assert not (self.edition / "sealed").exists()
        if command == "evaluate" and "to tell team" in printed:
            assert read_log(self.record)[-1].event == "evaluated"
        if "says from now on" in printed:
            assert read_log(self.home / "damaged")[-1].event == "repaired"
        if command == "build" and "publish " in printed:
            assert verify_edition(self.home / "built") == ()
        if command == "rank" and "LEADERBOARD.md: " in printed:
            assert (self.home / "board" / "LEADERBOARD.md").is_file()

    def check_end(self, command: str, words: Sequence[str]) -> None:
        """The same command again comes to its end, or says how; then everything is as it should be."""
        before = contents(self.home / "damaged") if command == "repair" else {}
        status, printed = self.undisturbed(words)
        if words[0] in ("lock", "unlock"):
            done = {"lock": "is it locked already?", "unlock": "is, so the edition is not locked"}[words[0]]
            if status and done not in printed:
                assert "mriprivacy unlock edition=" in printed
                self.says["the way out is said, and taken"] += 1
                unlocking = ["unlock", f"edition={self.edition}", f"identity={self.key}"]
                assert self.undisturbed(unlocking)[0] == 0
            assert self.undisturbed(["verify", f"edition={self.edition}"])[0] == 0
            if (self.edition / "sealed").is_dir():
                assert contents(self.edition / "sealed") == self.sealed
        elif command == "repair":
            assert status == 0
            read_log(self.home / "damaged")
            kept = (self.home / "damaged").glob("broken-*.jsonl")
            here = b"".join(path.read_bytes() for path in [*kept, self.home / "damaged" / LOG])
            assert set(before[LOG].splitlines()) <= set(here.splitlines())
            repaired = [e for e in read_chain(self.home / "damaged")[0] if e.event == "repaired"]
            assert len(repaired) in (1, 2)  # two if it was killed between the log and its head
        elif command == "build":
            if status:  # it came to its end before the kill did
                assert "exists" in printed
            assert contents(self.home / "built") == self.built
            assert not list(self.home.glob(".built.partial-*"))
            shutil.rmtree(self.home / "built")
        else:
            assert status == 0, printed
        if command == "evaluate":
            last = read_log(self.record)[-1]
            assert last.event == "evaluated"
            path = self.home / "entries" / last.edition.replace("/", "-") / f"{last.team}__{last.system}.json"
            assert file_digest(path) == last.entry
        self.check_log()


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def world(tiny_cohort: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    (tmp_path / "memory").mkdir()
    monkeypatch.setattr(vault, "_MEMORY", tmp_path / "memory")
    home = tmp_path / "home"
    config = EditionConfig(id="tiny", seed=11, hair_removal="given", protocol={"bootstrap": 100})
    build_edition(tiny_cohort, home / "edition", config)
    for mask in sorted((home / "edition" / "sealed" / "brain_masks").iterdir())[2:]:
        mask.unlink()
    write_commitment(home / "edition" / "public", home / "edition" / "sealed")
    write_manifest(home / "edition" / "public")
    secret = pyrage.x25519.Identity.generate()
    (tmp_path / "key").write_text(str(secret))
    assert main([*build_words(tiny_cohort, tmp_path / "whole"), SEQUENTIAL]) == 0
    return World(
        home,
        tiny_cohort,
        tmp_path / "key",
        str(secret.to_public()),
        contents(home / "edition" / "sealed"),
        contents(tmp_path / "whole"),
        random.Random(SEED),
    )


def test_killed_at_random(world: World, request: pytest.FixtureRequest) -> None:
    kills, begin = request.config.getoption("kills"), time.monotonic()
    for _ in range(3):
        assert main(world.words("evaluate")) == 0  # here, so that forks have imported and cached everything
    world.check_log()
    length: dict[str, tuple[float, int]] = {}
    for command in (*COMMANDS, "lock or unlock"):
        words, start = world.words(command), time.monotonic()
        assert world.killed(words, 600, 10**9)[0] == 0
        steps = len((world.home / "steps").read_text().splitlines())
        length[words[0]] = (time.monotonic() - start, steps)
        world.check_end(command, words) if command != "evaluate" else None
    done: Counter[str] = Counter()
    while done.total() < kills:
        command = world.rng.choice(COMMANDS)
        words = world.words(command)
        seconds, steps = length[words[0]]
        moment = world.rng.random() < 0.5
        status, printed = world.killed(
            words, world.rng.uniform(0, seconds), 0 if moment else world.rng.randint(1, steps)
        )
        assert status in (None, 0), printed
        assert "Traceback" not in printed, printed
        if status is None:
            done[words[0]] += 1
            world.says["at a moment" if moment else "before a step"] += 1
        world.check_key()
        world.check_log()
        world.check_said(command, printed)
        world.check_end(command, words)
    print(f"\n{done.total()} kills in {time.monotonic() - begin:.0f} s: {dict(done)}; {dict(world.says)}")
    print("undisturbed, seconds and steps:", {name: (round(s, 2), n) for name, (s, n) in length.items()})
    assert min(done[name] for name in length) > 0
