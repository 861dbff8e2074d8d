"""Pictures of a head surface under several views, off screen."""

import ctypes
import os
import sys
from collections.abc import Sequence

import numpy as np
import pyvista as pv
from numpy.typing import NDArray

from mriprivacy.baselines.face.surface import HeadSurface
from mriprivacy.baselines.face.views import LIGHTS, View
from mriprivacy.scoring.errors import SetupError

SKIN = (0.87, 0.70, 0.60)
BACKGROUND = (0.35, 0.38, 0.42)
# From the vertex down to the middle of the face (a head is 220-250 mm high from vertex to chin).
VERTEX_TO_FACE_MM = 120.0
DISTANCE_MM = 900.0
HEIGHT_MM = 270.0


# What VTK can draw with off screen, and the window class that does; with none of them it ends the process
# with a segmentation fault.
OFF_SCREEN = {
    "libEGL.so.1": "vtkEGLRenderWindow",
    "libOSMesa.so.8": "vtkOSOpenGLRenderWindow",
    "libOSMesa.so.6": "vtkOSOpenGLRenderWindow",
}


class RenderError(SetupError):
    """No way to draw on this machine."""


def prepare_off_screen() -> str:
    """Set VTK to draw without a screen, for this process and those it starts.

    Returns
    -------
    str
        The library that will be used; empty where the system brings its own (no Linux).

    Raises
    ------
    RenderError
        If there is none.
    """
    if sys.platform != "linux":
        return ""
    for name, window in OFF_SCREEN.items():
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        # Else VTK looks for an X server first and warns that there is none.
        os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", window)
        # Mesa draws with a thread a core; ours are taken by workers, each with a head of its own.
        os.environ.setdefault("LP_NUM_THREADS", "0")
        return name
    raise RenderError(
        "no OpenGL library to draw faces with off screen (looked for "
        f"{', '.join(OFF_SCREEN)}); install one, on Debian or Ubuntu: apt-get install libegl1 "
        "libgl1-mesa-dri"
    )


def face_centre(mesh: pv.PolyData) -> NDArray[np.float64]:
    """Return the point the cameras look at: mid-face, mm, shape (3,).

    Measured from the vertex down, so that a long neck, shoulders or a cut chin do not move it.
    """
    upper = mesh.points[mesh.points[:, 2] > mesh.bounds.z_max - VERTEX_TO_FACE_MM]
    x, y, _ = (upper.min(axis=0) + upper.max(axis=0)) / 2
    return np.array([x, y, mesh.bounds.z_max - VERTEX_TO_FACE_MM])


def render(surface: HeadSurface, views: Sequence[View], size: int = 400) -> list[NDArray[np.uint8]]:
    """Draw the head under every view.

    Parameters
    ----------
    surface : HeadSurface
        The head, world coordinates (y to the front, z up).
    views : sequence of View
        Camera and light positions.
    size : int
        Edge of the square pictures, pixels.

    Returns
    -------
    list of ndarray of uint8, shape (size, size, 3)
        RGB, one a view.

    Raises
    ------
    RenderError
        If no off-screen OpenGL is to be had on this machine.
    """
    prepare_off_screen()
    plotter, lamp = _plotter(size)
    try:
        mesh = surface.mesh.compute_normals(
            point_normals=True, cell_normals=False, split_vertices=False, feature_angle=180
        )
        plotter.add_mesh(mesh, color=SKIN, smooth_shading=True, ambient=0.2, diffuse=0.75, specular=0.08)
        plotter.set_background(BACKGROUND)
        centre = face_centre(surface.mesh)
        pictures = []
        for view in views:
            yaw, pitch = np.radians([view.yaw, view.pitch])
            direction = np.array([-np.sin(yaw) * np.cos(pitch), np.cos(yaw) * np.cos(pitch), np.sin(pitch)])
            plotter.camera.focal_point = centre
            plotter.camera.position = centre + DISTANCE_MM * direction
            plotter.camera.up = (0, 0, 1)
            lamp.position = LIGHTS[view.light]
            plotter.camera.view_angle = 2 * np.degrees(np.arctan(HEIGHT_MM / 2 / DISTANCE_MM))
            plotter.renderer.reset_camera_clipping_range()
            plotter.render()
            pictures.append(np.ascontiguousarray(plotter.screenshot(return_img=True)[..., :3]))
        return pictures
    finally:
        plotter.close()


def _plotter(size: int) -> tuple[pv.Plotter, pv.Light]:
    """Return a plotter, and the lamp in it that is moved from view to view."""
    plotter = pv.Plotter(off_screen=True, window_size=(size, size), lighting="none")
    plotter.disable_anti_aliasing()  # a third of the time; shading, not the outline, identifies a face
    camera_light = pv.Light(light_type="headlight", intensity=0.55)
    key_light = pv.Light(light_type="camera light", position=LIGHTS["above"], intensity=0.55)
    plotter.add_light(camera_light)
    plotter.add_light(key_light)
    return plotter, key_light
