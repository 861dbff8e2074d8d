"""The folder of a grand-challenge evaluation container, to be built where Docker is."""

import gzip
import io
import math
import tarfile
import tempfile
from pathlib import Path

from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.export.columns import columns
from mriprivacy.challenge.export.expected_cost import expected_cost
from mriprivacy.challenge.export.grand_challenge.jobs import INPUT_SOCKET, SOCKETS
from mriprivacy.challenge.export.packing import text, vendor_kit
from mriprivacy.challenge.export.reference_data import write_reference
from mriprivacy.challenge.export.requirements import write_requirements
from mriprivacy.challenge.intake.submission import TABLES
from mriprivacy.challenge.submission_log.log import Limits
from mriprivacy.data_prep.formats.atomic import whole_file
from mriprivacy.scoring.errors import UserError

# Settings of a phase, by grand-challenge.org's sources of 2026: GB of an evaluation, of which one is the
# system's; the most that can be asked for; seconds.
_USUAL_GB, _MOST_GB, _USUAL_SECONDS = 8, 32, 3600
_OUTPUTS = {
    "attack": 'JSON, a score for every reference the scan is compared with: `{"ph-...": 0.25}`.',
    "attributes": 'JSON: `{"sex": "F", "age_group": "18-29", "ethnicity": "asian"}`.',
    "defacing": "The anonymized image, on the grid of the original.",
}


def write_container(
    edition: Edition,
    root: Path,
    folder: Path,
    track: str,
    limits: Limits,
    which: str,
    risk_counts: bool = False,
) -> None:
    """Write Dockerfile, kit, requirements and README; the key lies apart, in `ground_truth.tar.gz`.

    Parameters
    ----------
    edition : Edition
        The public side of `root`.
    root : Path
        With `public/` and `sealed/`.
    folder : Path
        Where to.
    track : str
        One container scores one track.
    limits : Limits
        What the README asks the platform for, and how scores are shown.
    which : str
        As in `challenge.export.columns.columns`.
    risk_counts : bool
        Whether metrics.json has the counts of the risk report.
    """
    vendor_kit(folder / "kit")
    write_requirements(folder, track, more=("SimpleITK",))
    about = {"track": track, "draws": track not in TABLES, "output": _OUTPUTS[track]}
    about |= {
        "deciding": columns(track)[0],
        "limits": limits,
        "columns": which,
        "risk_counts": risk_counts,
        "input_socket": INPUT_SOCKET,
        "output_socket": SOCKETS[track],
    }
    for name, template in (("Dockerfile", "Dockerfile"), ("README.md", "grand_challenge.md")):
        (folder / name).write_text(text(template, edition, **about), encoding="utf-8")
    with tempfile.TemporaryDirectory() as truth:
        write_reference(root, track, Path(truth))
        _tar(Path(truth), folder / "ground_truth.tar.gz")


def check_cost(edition: Edition, track: str, risk_counts: bool = False) -> list[str]:
    """Return what to ask the platform for, one line each.

    Raises
    ------
    UserError
        If an evaluation takes more memory than can be asked for.
    """
    cost = expected_cost(edition, track, risk_counts)
    gigabytes = math.ceil(cost.megabytes / 1000) + 1
    if gigabytes > _MOST_GB:
        raise UserError(
            f"export: an evaluation takes {cost}; grand-challenge gives {_MOST_GB} GB at most; expected an "
            "edition with smaller scans"
        )
    lines = [f"An evaluation takes {cost}."]
    if gigabytes > _USUAL_GB:
        lines.append(f"Ask for {gigabytes} GB in the settings of the phase: the usual are {_USUAL_GB}.")
    if cost.seconds > _USUAL_SECONDS:
        lines.append(
            f"Ask for {cost.seconds} s in the settings of the phase: the usual are {_USUAL_SECONDS}."
        )
    return lines


def _tar(folder: Path, path: Path) -> None:
    """Write what is in a folder as .tar.gz, the same bytes every time."""
    with (
        whole_file(path) as temporary,
        temporary.open("wb") as raw,
        gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for file in sorted(file for file in folder.rglob("*") if file.is_file()):
            member = tarfile.TarInfo(file.relative_to(folder).as_posix())
            content = file.read_bytes()
            member.size, member.mode = len(content), 0o644
            archive.addfile(member, io.BytesIO(content))
