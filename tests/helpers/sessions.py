"""A cohort in which some people were scanned twice."""

import shutil
from pathlib import Path


def with_sessions(root: Path, twice: tuple[str, ...] = ("sub-01", "sub-03")) -> Path:
    """Move every scan into ses-1, and give some people a second one; take the truth along."""
    for subject in sorted(path.name for path in root.glob("sub-*")):
        for base in (root, root / "derivatives" / "truth"):
            anat = base / subject / "anat"
            for session in ("ses-1", "ses-2")[: 1 + (subject in twice)]:
                for path in anat.iterdir():
                    target = base / subject / session / "anat" / path.name.replace("_", f"_{session}_", 1)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, target)
            shutil.rmtree(anat)
    return root
