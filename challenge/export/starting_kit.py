"""The participant's starting kit: a README and a valid submission of each track, by the reference systems.

`build starting_kit=true` makes it beside the edition, `export target=starting_kit` at any time: it is no part
of the edition, which never changes, while a later kit may have better baselines.
"""

import io
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.export.packing import FILES, text
from mriprivacy.challenge.intake.description import describe_reference
from mriprivacy.challenge.intake.submission import received
from mriprivacy.data_prep.formats.atomic import whole_file
from mriprivacy.data_prep.formats.schema import ATTRIBUTE_COLUMNS, Attributes
from mriprivacy.data_prep.formats.tables.tsv import write_table


@dataclass(frozen=True)
class Baselines:
    """How the baselines are made: the defacer, the attack and its voxel size, the cache, who works.

    `run` runs a command with its words; a kit without scans or scores needs none.
    """

    defacer: str
    attack: str
    cache: str
    compute: Compute
    spacing_mm: float
    run: Callable[[str, Sequence[str]], None]


def write_starting_kit(edition: Edition, folder: Path, tracks: tuple[str, ...], baselines: Baselines) -> None:
    """Write `README.md` and `submissions/<track>`; every one of them passes `check`.

    Parameters
    ----------
    edition : Edition
        The public side is all that is needed.
    folder : Path
        Where to.
    tracks : tuple of str
        Those that a baseline is wanted of.
    baselines : Baselines
        Which.
    """
    public = f"edition={edition.root}"
    for track in tracks:
        target = folder / "submissions" / track
        given = [public, f"output={target}", f"cache={baselines.cache}", *baselines.compute.words()]
        if track == "defacing":
            _quietly(baselines, "deface", [*given, f"defacer={baselines.defacer}"])
        elif track == "attack":
            spacing = f"attack.spacing_mm={baselines.spacing_mm}"
            _quietly(baselines, "attack", [*given, f"attack={baselines.attack}", spacing])
        else:
            _guess_majority(edition, target)
        with received(target, edition, baselines.compute):
            pass
    with whole_file(folder / "README.md") as temporary:
        readme = text("starting_kit.md", edition, tracks=tracks, files=FILES, kit=version("mriprivacy"))
        temporary.write_text(readme, encoding="utf-8")


def _quietly(baselines: Baselines, command: str, words: list[str]) -> None:
    """Run a command without what it prints: that names a folder which is renamed when the kit is whole."""
    with redirect_stdout(io.StringIO()):
        baselines.run(command, words)


def _guess_majority(edition: Edition, folder: Path) -> None:
    """Write the submission that says of everybody what most people of dev are: a gain of zero."""
    columns = zip(*edition.dev.attributes.values(), strict=True)
    known = [
        Counter(value for value in values if value in edition.attribute_values[name])
        for name, values in zip(Attributes._fields, columns, strict=True)
    ]
    # Most common first; of equally common ones the first by name, so that nothing depends on an order.
    guess = [min(counts, key=lambda value: (-counts[value], value)) for counts in known]
    write_table(
        folder / "attributes.tsv", ATTRIBUTE_COLUMNS, [(probe, *guess) for probe in edition.eval.probes]
    )
    describe_reference(folder, edition.name, "attributes", "majority", "the majority of dev, for everybody")
