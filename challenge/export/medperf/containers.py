"""The folder of MedPerf's three containers, to be built where Docker is: one image, three configurations."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from mriprivacy.challenge.edition.protocol import Protocol, read_protocol
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.export.columns import columns
from mriprivacy.challenge.export.medperf.parameters import ALIKE, DESIGN
from mriprivacy.challenge.export.packing import text, vendor_kit
from mriprivacy.challenge.export.requirements import write_requirements
from mriprivacy.data_prep.formats.atomic import write_whole

_ROOT = "/mlcommons/volumes"
RAW, DATA, LABELS = f"{_ROOT}/raw_data", f"{_ROOT}/data", f"{_ROOT}/labels"
PREDICTIONS = f"{_ROOT}/predictions"
PARAMETERS = f"{_ROOT}/parameters/parameters_file.yaml"
RESULTS, STATISTICS = f"{_ROOT}/results/results.yaml", f"{_ROOT}/statistics/statistics.yaml"
LOCAL = f"{_ROOT}/local_outputs"


@dataclass(frozen=True)
class Benchmark:
    """What the organizer wants.

    Attributes
    ----------
    track : str
        What the model containers do.
    image : str
        Name under which the image will be found by Docker.
    defacer, attack : str
        The reference system in the model container, by the track.
    step : float
        Scores are shown in steps of it.
    columns : str
        As in `challenge.export.columns.columns`.
    risk_counts : bool
        Whether the metrics container writes the counts of the risk report with the scores.
    """

    track: str
    image: str
    defacer: str
    attack: str
    step: float
    columns: str
    risk_counts: bool = False


def write_containers(edition: Edition, folder: Path, benchmark: Benchmark) -> None:
    """Write Dockerfile, kit and requirements, and a folder for each container with what MedPerf registers.

    Nothing of the edition's images, key or people goes with it: each hospital makes an edition of its own
    people, by the same rules.

    Parameters
    ----------
    edition : Edition
        Whose rules are taken.
    folder : Path
        Where to.
    benchmark : Benchmark
        What the organizer wants.
    """
    vendor_kit(folder / "kit")
    write_requirements(folder, "defacing")  # the whole kit, whatever the track is: the preparator builds
    parameters: dict[str, dict[str, Any]] = {
        "data_preparator": {"build": build_words(edition.description, benchmark.track)},
        "model": {"command": _model_words(edition, benchmark)},
        "metrics": {
            "track": benchmark.track,
            "step": benchmark.step,
            "columns": benchmark.columns,
            "risk_counts": benchmark.risk_counts,
        },
    }
    for name, tasks in (_TASKS | (_WITH_REPORT if benchmark.risk_counts else {})).items():
        own = folder / name
        own.mkdir()
        config = {"container_type": "DockerImage", "image": benchmark.image, "tasks": tasks}
        _write_yaml(own / "container_config.yaml", config)
        # JSON is YAML; the containers read nothing else.
        write_whole(own / "parameters.yaml", json.dumps(parameters[name], indent=2) + "\n")
    about = {"benchmark": benchmark, "deciding": columns(benchmark.track)[0], "root": _ROOT}
    for name, template in (("Dockerfile", "medperf.Dockerfile"), ("README.md", "medperf.md")):
        (folder / name).write_text(text(template, edition, **about), encoding="utf-8")


def build_words(description: Mapping[str, Any], track: str) -> list[str]:
    """Return the words by which `build` makes an edition by the rules of another one, for one track.

    Examples
    --------
    >>> build_words({"id": "a", "version": "1", "contrast": "T1w", "protocol": {"size": 300}}, "defacing")
    ['edition.id=a', 'edition.version=1', 'edition.contrast=T1w', 'edition.tracks=["defacing"]',
    'protocol.size=300']
    """
    values = {f"edition.{name}": description[name] for name in ALIKE if description.get(name)}
    values |= {
        f"edition.{name}": value for name, value in description.get("design", {}).items() if name in DESIGN
    }
    if references := description.get("references"):
        values["edition.references"] = references
    elif "hair_removal" in description:
        values["edition.hair_removal"] = description["hair_removal"]
    values["edition.tracks"] = [track]
    usual = asdict(Protocol())
    own = asdict(read_protocol(description))
    values |= {f"protocol.{name}": value for name, value in own.items() if value != usual[name]}
    return [
        f"{key}={value if isinstance(value, str) else json.dumps(value)}" for key, value in values.items()
    ]


def _model_words(edition: Edition, benchmark: Benchmark) -> list[str]:
    spacing = read_protocol(edition.description).spacing_mm
    return {
        "defacing": ["deface", f"defacer={benchmark.defacer}"],
        "attack": ["attack", f"attack={benchmark.attack}", f"attack.spacing_mm={spacing}"],
        "attributes": ["infer"],
    }[benchmark.track]


def _volume(path: str) -> dict[str, str]:
    return {"mount_path": path, "type": "file" if path.endswith(".yaml") else "directory"}


def _task(name: str, inputs: Mapping[str, str], outputs: Mapping[str, str]) -> dict[str, Any]:
    """Return a task: the container's program gets its name, then the mounts in this order."""
    return {
        "run_args": {"command": " ".join([name, *inputs.values(), *outputs.values()]), "shm_size": "2g"},
        "input_volumes": {mount: _volume(path) for mount, path in inputs.items()},
        **({"output_volumes": {mount: _volume(path) for mount, path in outputs.items()}} if outputs else {}),
    }


_PREPARED = {"data_path": DATA, "labels_path": LABELS}
_PREDICTED = {"predictions": PREDICTIONS, "labels": LABELS, "parameters_file": PARAMETERS}
# The names of the mounts are MedPerf's.
_TASKS: dict[str, dict[str, Any]] = {
    "data_preparator": {
        "prepare": _task(
            "prepare",
            {"data_path": RAW, "parameters_file": PARAMETERS},
            {"output_path": DATA, "output_labels_path": LABELS},
        ),
        "sanity_check": _task("sanity_check", _PREPARED, {}),
        "statistics": _task("statistics", _PREPARED, {"output_path": STATISTICS}),
    },
    "model": {
        "infer": _task(
            "infer", {"data_path": DATA, "parameters_file": PARAMETERS}, {"output_path": PREDICTIONS}
        )
    },
    "metrics": {"evaluate": _task("evaluate", _PREDICTED, {"output_path": RESULTS})},
}
# What is written to the local outputs stays with the hospital.
_WITH_REPORT = {
    "metrics": {
        "evaluate": _task("evaluate", _PREDICTED, {"output_path": RESULTS, "local_outputs_path": LOCAL})
    }
}


def _write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    apart = json.loads(json.dumps(content))  # or YAML would write a volume that stands twice as a reference
    path.write_text(yaml.safe_dump(apart, sort_keys=False, allow_unicode=True), encoding="utf-8")
