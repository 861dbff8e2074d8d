"""Drawing coloured triangles and lines off screen, seen by a camera in front."""

import numpy as np
import pyvista as pv
import vtk
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy


class Drawing:
    """A picture in the making; colours are final, so there are no lights here.

    Parameters
    ----------
    size : int
        Edge, pixels.
    focus : ndarray, shape (3,)
        What stands in the middle, world mm.
    distance_mm, half_mm : float
        From camera to focus; half the height of what is seen there.
    """

    def __init__(self, size: int, focus: NDArray[np.float64], distance_mm: float, half_mm: float) -> None:
        self.size = size
        self._renderer = vtk.vtkRenderer()
        self._renderer.SetBackground(0.0, 0.0, 0.0)
        self._renderer.SetBackgroundAlpha(0.0)
        self._window = vtk.vtkRenderWindow()
        self._window.SetOffScreenRendering(True)
        self._window.SetMultiSamples(0)
        self._window.SetAlphaBitPlanes(True)
        self._window.SetSize(size, size)
        self._window.AddRenderer(self._renderer)
        camera = self._renderer.GetActiveCamera()
        camera.SetFocalPoint(*focus)
        camera.SetPosition(*(focus + np.array([0.0, distance_mm, 0.0])))
        camera.SetViewUp(0.0, 0.0, 1.0)
        camera.SetViewAngle(float(np.degrees(2 * np.arctan(half_mm / distance_mm))))

    def triangles(self, points: NDArray, faces: NDArray[np.int64], colours: NDArray[np.uint8]) -> pv.PolyData:
        """Add a surface, shape (n, 3) points, (m, 3) faces and (n, 3) colours; colours may be replaced."""
        mesh = pv.PolyData.from_regular_faces(np.asarray(points, np.float32), faces)
        mesh["colour"] = colours
        self._add(mesh)
        return mesh

    def lines(self, points: NDArray, colours: NDArray[np.uint8], width: float) -> None:
        """Add polylines, points and colours of shape (lines, steps, 3), `width` pixels thick."""
        count, steps, _ = points.shape
        index = np.arange(count * steps).reshape(count, steps)
        cells = np.column_stack([np.full(count, steps), index]).ravel()
        mesh = pv.PolyData(np.asarray(points, np.float32).reshape(-1, 3), lines=cells)
        mesh["colour"] = colours.reshape(-1, 3)
        self._add(mesh).GetProperty().SetLineWidth(width)

    def _add(self, mesh: pv.PolyData) -> "vtk.vtkActor":
        mapper = vtk.vtkPolyDataMapper()
        mapper.SetInputData(mesh)
        mapper.SetScalarModeToUsePointFieldData()
        mapper.SelectColorArray("colour")
        mapper.SetColorModeToDirectScalars()
        actor = vtk.vtkActor()
        actor.SetMapper(mapper)
        actor.GetProperty().SetLighting(False)
        self._renderer.AddActor(actor)
        return actor

    def picture(self) -> NDArray[np.uint8]:
        """Draw, and return RGBA, shape (size, size, 4); alpha is 0 where nothing was drawn."""
        self._renderer.ResetCameraClippingRange()
        self._window.Render()
        pixels = vtk.vtkUnsignedCharArray()
        self._window.GetRGBACharPixelData(0, 0, self.size - 1, self.size - 1, 0, pixels)
        return vtk_to_numpy(pixels).reshape(self.size, self.size, 4)[::-1].copy()

    def close(self) -> None:
        """Give the window back."""
        self._window.Finalize()
