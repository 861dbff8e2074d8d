"""What MedPerf's containers do: `python -m mriprivacy.challenge.export.medperf.medperf_run TASK MOUNTS...`.

MedPerf mounts inputs read-only, gives no network, and starts a container as the user who runs it, who has no
home in it. A file to be written is a mount of its own: it is there, empty, and nothing is renamed onto it.
"""

import secrets
import shutil
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from mriprivacy.challenge.edition.integrity import verify_edition
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.export.columns import platform_scores
from mriprivacy.challenge.export.medperf.parameters import build_given, metrics, model_command
from mriprivacy.challenge.export.scorer import score
from mriprivacy.challenge.intake.bounded_lines import bounded
from mriprivacy.scoring.errors import UserError

KIT = "from mriprivacy.challenge.cli import main; raise SystemExit(main())"
REPORT = "risk"  # below the local outputs
_MADE = ".made"  # below a mount, so that what is in it can be renamed


def main(words: Sequence[str]) -> int:
    """Run one task; print what is wrong on stderr, which stays with the hospital, and return the status."""
    task, mounts = words[0], [Path(word) for word in words[1:]]
    tasks: dict[str, Callable[..., int]] = {
        "prepare": prepare,
        "sanity_check": sanity_check,
        "statistics": statistics,
        "infer": infer,
        "evaluate": evaluate_predictions,
    }
    try:
        return tasks[task](*mounts)
    except UserError as error:
        for line in bounded(error.problems):
            print(line, file=sys.stderr)
        return 2
    except Exception:
        traceback.print_exc()
        return 1


def prepare(raw: Path, parameters: Path, data: Path, labels: Path) -> int:
    """Build an edition of a hospital's people: `data` gets what a model may see, `labels` all of it.

    The metrics container sees the labels and the predictions alone, so the labels hold the original scans.
    The seed is drawn here and kept nowhere.
    """
    for mount in (data, labels):
        _clear(mount)
    given = build_given(parameters)
    words = [f"cohort.root={raw}", f"seed={secrets.randbits(128)}", f"output={labels / _MADE}"]
    status = _command(["build", *words, *given])
    if status == 0:
        _move_up(labels / _MADE)
        shutil.copytree(labels / "public", data, dirs_exist_ok=True)
    return status


def sanity_check(data: Path, labels: Path) -> int:
    """Raise UserError unless both are of one edition, whole and as it was built."""
    problems = [*verify_edition(data), *verify_edition(labels)]
    if not problems and open_edition(data).hash != open_edition(labels).hash:
        problems = ["data and labels are of two editions; expected those that prepare wrote together"]
    if problems:
        raise UserError(*problems)
    open_sealed(labels)
    return 0


def statistics(data: Path, labels: Path, output: Path) -> int:
    """Write what MedPerf's server gets to see of the people: how many images, of which kind."""
    about = open_edition(data).description
    shown = {name: about[name] for name in ("id", "version", "contrast", "counts", "synthetic")}
    _write(output, shown)
    return 0


def infer(data: Path, parameters: Path, predictions: Path) -> int:
    """Write the submission of a reference system."""
    _clear(predictions)
    command, *given = model_command(parameters)
    status = _command([command, f"edition={data}", f"output={predictions / _MADE}", *given])
    if status == 0:
        _move_up(predictions / _MADE)
    return status


def evaluate_predictions(
    predictions: Path, labels: Path, parameters: Path, output: Path, local: Path | None = None
) -> int:
    """Write the scores of a submission; of one that intake refuses, nothing.

    Where the parameters ask for it, the counts of its risk report (`challenge.export.risk_counts`) stand
    beside the scores. `local` stays with the hospital and gets the report, which names people.
    """
    asked = metrics(parameters)
    entry = score(labels, predictions, asked.track)
    found: dict[str, Any] = {
        "aggregates": platform_scores(entry, asked.step, asked.columns),
        "signatures": [result.signature for result in entry.results],
        "warnings": list(entry.warnings),
    }
    if asked.risk_counts:
        report = local / REPORT if local else None
        if report is not None and report.exists():
            shutil.rmtree(report)  # of a run before
        # A container that scores tables has no libraries for images.
        from mriprivacy.challenge.export.risk_counts import risk_counts

        found["risk"] = risk_counts(labels, predictions, report)
    _write(output, found)
    return 0


def _command(words: Sequence[str]) -> int:
    """Run a command of the kit as a person would; what it prints goes where our own lines go."""
    return subprocess.run([sys.executable, "-c", KIT, *words], check=False).returncode


def _clear(mount: Path) -> None:
    """Remove what a run before left below a mount, which itself stays."""
    for path in mount.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _move_up(folder: Path) -> None:
    for path in folder.iterdir():
        path.rename(folder.parent / path.name)
    folder.rmdir()


def _write(path: Path, content: Mapping[str, Any]) -> None:
    """Write in place: the file is a mount."""
    with path.open("w", encoding="utf-8") as stream:
        yaml.safe_dump(dict(content), stream, sort_keys=False, allow_unicode=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
