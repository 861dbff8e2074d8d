"""From a 1 mm head to ten renders, landmarks and embedding: ours against the obvious script, in one run.

The obvious script does what a tutorial does: resample, smooth, threshold, marching cubes of scikit-image over
the whole volume, a plotter for every view that draws the whole mesh. Use ``-n 0 -m slow -s``.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import pyvista as pv
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import gaussian, threshold_otsu
from skimage.measure import marching_cubes

from mriprivacy.baselines.attacks.face_network import embed
from mriprivacy.baselines.face.appearance import appearance_of_scan
from mriprivacy.baselines.face.landmarks import Face, find_face
from mriprivacy.baselines.face.render import DISTANCE_MM, HEIGHT_MM, SKIN, face_centre
from mriprivacy.baselines.face.scan import Scan
from mriprivacy.baselines.face.surface import OTSU_SHARE
from mriprivacy.baselines.face.views import View

pytestmark = pytest.mark.slow

VIEWS = [View(yaw, pitch) for yaw in (-20, -10, 0, 10, 20) for pitch in (-5, 5)]
SIZE = 400


def ours(scan: Scan) -> tuple[Face, ...]:
    """Do as the kit does: reconstruction, renders, landmarks, whether a nose stands out, embedding."""
    faces = appearance_of_scan(scan, 1.0, VIEWS, SIZE).found
    if faces:
        embed(faces)
    return faces


def obvious(scan: Scan) -> list[NDArray[np.uint8]]:
    data = ndimage.zoom(scan.data.astype(float), scan.spacing, order=1)
    data = gaussian(data, 0.7)
    vertices, triangles, _, _ = marching_cubes(data, OTSU_SHARE * threshold_otsu(data))
    faces = np.hstack([np.full((len(triangles), 1), 3), triangles])
    axes = scan.affine[:3, :3] / scan.spacing
    mesh = pv.PolyData(vertices @ axes.T, faces).smooth_taubin(n_iter=20, pass_band=0.1)
    pictures = []
    for view in VIEWS:
        plotter = pv.Plotter(off_screen=True, window_size=(SIZE, SIZE))
        plotter.add_mesh(mesh, color=SKIN, smooth_shading=True)
        yaw, pitch = np.radians([view.yaw, view.pitch])
        towards = np.array([-np.sin(yaw) * np.cos(pitch), np.cos(yaw) * np.cos(pitch), np.sin(pitch)])
        centre = face_centre(mesh)
        plotter.camera_position = [centre + DISTANCE_MM * towards, centre, (0, 0, 1)]
        plotter.camera.view_angle = 2 * np.degrees(np.arctan(HEIGHT_MM / 2 / DISTANCE_MM))
        pictures.append(np.ascontiguousarray(plotter.screenshot(return_img=True)[..., :3]))
        plotter.close()
    return pictures


def seen(pictures: list[NDArray[np.uint8]]) -> list[Face]:
    faces = [face for picture in pictures if (face := find_face(picture, upsample=0))]
    if faces:
        embed(faces)
    return faces


def cost(work: Callable[[], Sequence[Face]]) -> tuple[float, Sequence[Face]]:
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def test_ten_views_of_a_real_head(real_head: Scan) -> None:
    ours(Scan(real_head.data[::4, ::4, ::4], real_head.affine @ np.diag([4, 4, 4, 1])))  # warm up
    seen([np.zeros((SIZE, SIZE, 3), np.uint8)])
    mine, faces = cost(lambda: ours(real_head))
    theirs, found = cost(lambda: seen(obvious(real_head)))
    print(
        f"\n1 mm head, {real_head.data.shape}, CPU s from volume to embedding, 10 renders: "
        f"the kit {mine:.1f} ({len(faces)} faces), the obvious script {theirs:.1f} ({len(found)} faces): "
        f"{theirs / mine:.1f} times as much"
    )
    assert len(faces) == len(VIEWS)
    assert mine < 6
    assert theirs > 3 * mine


def test_memory_of_a_worker(real_head_path: Path) -> None:
    """A process of its own, which does nothing else."""
    code = (
        "import resource, sys; from pathlib import Path; sys.path.insert(0, '.')\n"
        "from mriprivacy.baselines.face.scan import read_scan\n"
        "from tests.benchmarks.test_face_speed import ours\n"
        f"ours(read_scan(Path({str(real_head_path)!r})))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    megabytes = int(done.stdout.split()[-1]) / 1024
    print(f"\npeak of a worker: {megabytes:.0f} MB")
    assert megabytes < 1024
