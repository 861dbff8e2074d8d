"""What MedPerf asks of a container's configuration, and how it starts a task: restated from release 0.3.0.

By the sources of mlcommons/medperf: fields and kinds of volumes (`containers/parsers/simple_container.py`),
arguments of a run, mounts and the network (`containers/runners/`), names of the mounts of each task
(`commands/`). The package is on no registry; docs/how-to/platform_lab.py asks MedPerf's own parser.
"""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_TYPES = (
    "DockerImage",
    "DockerArchive",
    "EncryptedDockerArchive",
    "SingularityFile",
    "EncryptedSingularityFile",
)
_RUN_ARGS = {"shm_size", "gpus", "command", "entrypoint", "environment"}
_OF_EVERY_TASK = {"parameters_file", "additional_files"}
# task: mounts that are read, mounts that are written
MOUNTS = {
    "prepare": ({"data_path", "labels_path"}, {"output_path", "output_labels_path"}),
    "sanity_check": ({"data_path", "labels_path"}, set()),
    "statistics": ({"data_path", "labels_path"}, {"output_path"}),
    "infer": ({"data_path"}, {"output_path"}),
    "evaluate": ({"predictions", "labels"}, {"output_path", "local_outputs_path"}),
}
_KINDS = {"statistics": {"output_path": "file"}, "evaluate": {"output_path": "file"}}


def config_problems(config: Any) -> list[str]:
    """Return everything for which MedPerf would refuse a configuration, or not run it.

    Examples
    --------
    >>> config_problems({"container_type": "mlcube", "image": "a", "tasks": {}})
    ['container_type: mlcube']
    """
    if not isinstance(config, dict):
        return ["no mapping"]
    problems = [f"{name}: missing" for name in ("container_type", "image", "tasks") if name not in config]
    if not problems and config["container_type"] not in _TYPES:
        problems.append(f"container_type: {config['container_type']}")
    if problems:
        return problems
    for task, about in config["tasks"].items():
        if task not in MOUNTS:
            problems.append(f"{task}: is no task that MedPerf starts")
            continue
        problems += [f"{task}: run_args {name}" for name in set(about.get("run_args", {})) - _RUN_ARGS]
        for side, names in zip(("input_volumes", "output_volumes"), MOUNTS[task], strict=True):
            known = names | (_OF_EVERY_TASK if side == "input_volumes" else set())
            for name, volume in about.get(side, {}).items():
                if name not in known:
                    problems.append(f"{task}: {side} {name}: MedPerf mounts no such thing")
                elif volume.get("type") not in ("file", "directory") or not str(
                    volume.get("mount_path", "")
                ).startswith("/"):
                    problems.append(f"{task}: {side} {name}: expected type and an absolute mount_path")
                elif volume["type"] != _kind(task, name):
                    problems.append(f"{task}: {side} {name}: is a {_kind(task, name)}")
    return problems


def _kind(task: str, name: str) -> str:
    return "file" if name == "parameters_file" else _KINDS.get(task, {}).get(name, "directory")


def can_mount() -> bool:
    """Say whether this machine lets us mount and drop the network in a namespace of our own."""
    if not shutil.which("unshare"):
        return False
    return subprocess.run([*_UNSHARE, "true"], capture_output=True, check=False).returncode == 0


_UNSHARE = ["unshare", "--user", "--map-root-user", "--mount", "--net"]


def start(
    image: Path,
    config: Mapping[str, Any],
    task: str,
    mounts: Mapping[str, Path],
    scratch: Path,
    mounted: bool,
) -> subprocess.CompletedProcess[str]:
    """Run a task as MedPerf would, but for Docker: in the folder that becomes the image, with its entrypoint.

    Parameters
    ----------
    image : Path
        The exported folder.
    config : mapping
        Content of `container_config.yaml`.
    task : str
        Which.
    mounts : mapping from str to Path
        Where on this machine what MedPerf mounts lies; files and folders to be written are made.
    scratch : Path
        An empty folder; a part of it stands for the container's `/tmp`.
    mounted : bool
        Whether to mount (inputs read-only) without a network, as a user whom the machine does not know; else
        the words of the command name the folders themselves.
    """
    about = config["tasks"][task]
    inputs, outputs = about.get("input_volumes", {}), about.get("output_volumes", {})
    for name, volume in outputs.items():
        if volume["type"] == "directory":
            mounts[name].mkdir(parents=True, exist_ok=True)
        else:
            mounts[name].parent.mkdir(parents=True, exist_ok=True)
            mounts[name].touch()
    (scratch / "tmp").mkdir(parents=True, exist_ok=True)
    module = (image / "Dockerfile").read_text().split("ENTRYPOINT ")[1].split('"-m", "')[1].split('"')[0]
    words = shlex.split(about["run_args"]["command"])
    volumes = {**inputs, **outputs}
    if mounted:
        places = {volume["mount_path"]: f"{scratch}{volume['mount_path']}" for volume in volumes.values()}
    else:
        places = {volume["mount_path"]: str(mounts[name]) for name, volume in volumes.items()}
    command = [sys.executable, "-m", module, *(places.get(word, word) for word in words)]
    if mounted:
        lines = ["set -e"]
        for name, volume in volumes.items():
            place = shlex.quote(places[volume["mount_path"]])
            host = shlex.quote(str(mounts[name]))
            make = f"mkdir -p {place}" if volume["type"] == "directory" else f"touch {place}"
            lines += [f'mkdir -p "$(dirname {place})"', make, f"mount --bind {host} {place}"]
            if name in inputs:
                lines.append(f"mount -o remount,ro,bind {place}")
        lines.append("exec unshare --user --map-user=12345 --map-group=12345 " + shlex.join(command))
        command = [*_UNSHARE, "sh", "-c", "\n".join(lines)]
    tmp = str(scratch / "tmp")
    environment = {"PATH": os.environ["PATH"], "HOME": tmp, "TMPDIR": tmp, "XDG_CACHE_HOME": f"{tmp}/.cache"}
    return subprocess.run(
        command, cwd=image / "kit", env=environment, capture_output=True, text=True, check=False
    )
