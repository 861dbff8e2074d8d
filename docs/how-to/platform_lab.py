"""Run exports against the platforms' own programs, on loopback: docs/how-to/platform_lab.md says how.

    python docs/how-to/platform_lab.py medperf   CHECKOUT EXPORT
    python docs/how-to/platform_lab.py shim      PROGRAM EXPORT SUBMISSION
    python docs/how-to/platform_lab.py croissant EDITION
    python docs/how-to/platform_lab.py codabench URL BENCHMARK

Nothing of the platforms is in this repository: CHECKOUT, PROGRAM and URL are yours. Not run in CI.
"""

import argparse
import base64
import importlib.util
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import yaml

TASKS = {
    "data_preparator": ("prepare", "sanity_check", "statistics"),
    "model": ("infer",),
    "metrics": ("evaluate",),
}
SHOWN = 1024  # characters of a message that grand-challenge keeps
BUCKET, REGION = "lab", "eu-west-1"


def medperf(checkout: Path, export: Path) -> int:
    """Ask MedPerf's own parser and rules of a run about the three configurations of an export."""
    client = checkout / "cli"
    sys.path.insert(0, str(client))
    from medperf.containers.parsers.factory import load_parser  # type: ignore[import-not-found]

    runs = _module(client / "medperf" / "containers" / "runners" / "utils.py")
    for container, tasks in TASKS.items():
        config = yaml.safe_load((export / container / "container_config.yaml").read_text())
        parser = load_parser(config)
        for task in tasks:
            parser.check_task_schema(task)
            runs.check_allowed_run_args(parser.get_run_args(task))
            about = config["tasks"][task]
            mounts = {name: f"/host/{name}" for side in about for name in about[side] if "volumes" in side}
            read, written = parser.get_volumes(task, mounts)
            print(f"{container} {task}: accepted, {len(read)} mounts to read, {len(written)} to write")
    return 0


def _module(path: Path) -> ModuleType:
    """Load one file: its package needs the whole client, with what that installs."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _rewritten(name: str, change: Callable[[str], str]) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(change((folder / name).read_text()))


def _cell(value: str) -> Callable[[str], str]:
    """Put a value in the place of the first score."""

    def change(text: str) -> str:
        head, first, rest = text.split("\n", 2)
        return "\n".join([head, first.rpartition("\t")[0] + f"\t{value}", rest])

    return change


# What participants get wrong in a submission of scores.
MISTAKES: dict[str, Callable[[Path], object]] = {
    "nothing wrong": lambda folder: None,
    "no submission.json": lambda folder: (folder / "submission.json").unlink(),
    "no scores.tsv": lambda folder: (folder / "scores.tsv").unlink(),
    "NaN": _rewritten("scores.tsv", _cell("nan")),
    "half of the rows": _rewritten(
        "scores.tsv", lambda text: text[: text.rindex("\n", 0, len(text) // 2)] + "\n"
    ),
    "another track": _rewritten("submission.json", lambda text: text.replace('"attack"', '"attributes"')),
    "no JSON": _rewritten("submission.json", lambda text: text[: len(text) // 2]),
    "1,000 files too many": lambda folder: [(folder / f"extra-{n}.txt").touch() for n in range(1000)],
    "a file named metadata": lambda folder: (folder / "metadata").touch(),
    "an outer folder": lambda folder: [
        (folder / "mine").mkdir(),
        *(
            path.rename(folder / "mine" / path.name)
            for path in sorted(folder.iterdir())
            if path.name != "mine"
        ),
    ],
}


def shim(program: Path, export: Path, submission: Path) -> int:
    """Give each mistake to grand-challenge's shim, in both modes; print what the platform would show."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "lab", "AWS_SECRET_ACCESS_KEY": "lab", "AWS_DEFAULT_REGION": REGION}
    server, url = _storage()
    try:
        place = {"LocationConstraint": REGION}
        boto3.client("s3", endpoint_url=url).create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
        for method in ("exec", "invoke"):
            print(f"\n{method}\n")
            for mistake, spoil in MISTAKES.items():
                with tempfile.TemporaryDirectory() as folder:
                    own = Path(folder)
                    shutil.copytree(submission, own / "submission")
                    spoil(own / "submission")
                    status, shown, seconds = _evaluated(program, export, own, method, url)
                    print(f"{mistake}: {status}, {seconds:.1f} s, {shown[:SHOWN] or 'no message'}")
    finally:
        server.terminate()
    return 0


def _storage() -> tuple["subprocess.Popen[bytes]", str]:
    """Start an S3 server on loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).parent / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    for _ in range(100):
        try:
            urllib.request.urlopen(url, timeout=1).close()
            break
        except OSError:
            time.sleep(0.1)
    return server, url


def _evaluated(program: Path, export: Path, own: Path, method: str, url: str) -> tuple[str, str, float]:
    """Run one submission; return whether there are scores, the line that a participant sees, seconds."""
    storage = boto3.client("s3", endpoint_url=url)
    with zipfile.ZipFile(own / "predictions.zip", "w") as archive:
        for path in sorted(path for path in (own / "submission").rglob("*") if path.is_file()):
            archive.write(path, path.relative_to(own / "submission"))
    storage.upload_file(str(own / "predictions.zip"), BUCKET, "predictions.zip")
    storage.upload_file(str(export / "ground_truth.tar.gz"), BUCKET, "ground_truth.tar.gz")
    places = {
        "/input": own / "input",
        "/output": own / "output",
        "/opt/ml/input/data/ground_truth": own / "truth",
    }
    for place in places.values():
        place.mkdir(exist_ok=True)
    entrypoint = json.loads((export / "Dockerfile").read_text().split("ENTRYPOINT ")[1])
    words = [str(places[word]) if word in places else word for word in entrypoint]
    task = {
        "pk": "11111111-1111-1111-1111-111111111111",
        "inputs": [
            {
                "relative_path": "predictions.zip",
                "bucket_name": BUCKET,
                "bucket_key": "predictions.zip",
                "decompress": True,
            }
        ],
        "output_bucket_name": BUCKET,
        "output_prefix": "out/",
        "timeout": "PT600S",
    }
    settings = {
        "AWS_S3_ENDPOINT_URL": url,
        "API_METHOD": method,
        "GRAND_CHALLENGE_COMPONENT_API_METHOD": method,
        "GRAND_CHALLENGE_COMPONENT_ENTRYPOINT_B64J": _encoded([sys.executable, *words[1:]]),
        "GRAND_CHALLENGE_COMPONENT_SET_EXTRA_GROUPS": "False",
        "GRAND_CHALLENGE_COMPONENT_USE_LINKED_INPUT": "False",
        "GRAND_CHALLENGE_COMPONENT_WRITABLE_DIRECTORIES": "",
        "GRAND_CHALLENGE_COMPONENT_POST_CLEAN_DIRECTORIES": "",
        "GRAND_CHALLENGE_COMPONENT_GROUND_TRUTH": f"s3://{BUCKET}/ground_truth.tar.gz",
        "GRAND_CHALLENGE_COMPONENT_GROUND_TRUTH_DEST": str(places["/opt/ml/input/data/ground_truth"]),
        "GRAND_CHALLENGE_COMPONENT_RUNTIME_OUTPUT_BUCKET_NAME": BUCKET,
        "GRAND_CHALLENGE_COMPONENT_RUNTIME_OUTPUT_PREFIX": "runtime/",
        "GRAND_CHALLENGE_COMPONENT_INPUT_PATH": str(places["/input"]),
        "GRAND_CHALLENGE_COMPONENT_OUTPUT_PATH": str(places["/output"]),
    }
    start = time.monotonic()
    done = subprocess.run(
        [str(program), "invoke", "-t", json.dumps([task])],
        cwd=export / "kit",
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - start
    if done.returncode:
        raise SystemExit(f"{program}: {done.stderr.strip().splitlines()[-1]}")
    kept = storage.list_objects_v2(Bucket=BUCKET, Prefix="out/").get("Contents", [])
    there = {one["Key"]: storage.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read() for one in kept}
    for name in there:
        storage.delete_object(Bucket=BUCKET, Key=name)
    result = json.loads(there.get("out/.sagemaker_shim/inference_result.json", b"{}"))
    lines = result.get("user_process_last_stderr_lines")  # since shim 0.8
    shown = _last_line(done.stdout + done.stderr) if lines is None else "".join(lines[-1:]).strip()
    return "scores" if "out/metrics.json" in there else "no scores", shown, seconds


def _last_line(log: str) -> str:
    """Return the last line of the container's stderr in the shim's log, which the site shows."""
    shown = ""
    for line in log.splitlines():
        try:
            about = json.loads(line)
        except ValueError:
            continue
        if about.get("internal") is False and about.get("source") == "stderr" and about["log"].strip():
            shown = about["log"].strip()
    return shown


def _encoded(value: Any) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def croissant(edition: Path) -> int:
    """Ask mlcroissant about an edition, and read every record through it."""
    import mlcroissant

    public = edition / "public" if (edition / "public").is_dir() else edition
    dataset = mlcroissant.Dataset(jsonld=public / "croissant.json")
    issues = dataset.metadata.ctx.issues
    print(f"{len(issues.errors)} errors, {len(issues.warnings)} warnings")
    for line in sorted([*issues.errors, *issues.warnings]):
        print(line)
    for record_set in dataset.metadata.record_sets:
        count = sum(1 for _ in dataset.records(record_set.id))
        print(f"{record_set.id}: {count} records")
    return 1 if issues.errors else 0


def codabench(url: str, benchmark: str) -> int:
    """Say what can be had of a benchmark without an account."""
    about = _get(f"{url}/api/competitions/{benchmark}/")
    if about is None:
        print("the benchmark: not to be had")
        return 0
    keys = {str(value) for value in _values(json.loads(about), "key")}
    print(f"the benchmark: {len(about)} bytes, {len(keys)} data sets named")
    for key in sorted(keys):
        content = _get(f"{url}/datasets/download/{key}/")
        print(f"{key}: {f'{len(content)} bytes' if content is not None else 'not to be had'}")
        if content is not None and content[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                names = archive.namelist()
            print(f"  {', '.join(names[:8])}{' ...' if len(names) > 8 else ''}")
    return 0


def _get(address: str) -> bytes | None:
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:
            content: bytes = answer.read()
            return content
    except (urllib.error.HTTPError, urllib.error.URLError):
        return None


def _values(content: Any, name: str) -> list[Any]:
    """Return every value under a name, however deep."""
    if isinstance(content, Mapping):
        own = [content[name]] if content.get(name) else []
        return own + [found for value in content.values() for found in _values(value, name)]
    return [found for value in content for found in _values(value, name)] if isinstance(content, list) else []


def main() -> int:
    """Run one of the checks."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    checks = parser.add_subparsers(dest="check", required=True)
    for name, words in {
        "medperf": ("checkout", "export"),
        "shim": ("program", "export", "submission"),
        "croissant": ("edition",),
        "codabench": ("url", "benchmark"),
    }.items():
        own = checks.add_parser(name)
        for word in words:
            own.add_argument(word, type=str if name == "codabench" else Path)
    given = vars(parser.parse_args())
    run: Callable[..., int] = globals()[given.pop("check")]
    return run(**{name: v.resolve() if isinstance(v, Path) else v for name, v in given.items()})


if __name__ == "__main__":
    raise SystemExit(main())
