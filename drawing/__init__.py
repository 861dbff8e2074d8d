"""Pictures drawn in software: surfaces and lines before a camera, the same bits on every machine.

Nothing but IEEE additions, multiplications, divisions and square roots in a fixed order decides a pixel, so
that no graphics card, vector unit or library can change one. `Pinhole` gives where things appear, `draw`
which triangle each pixel shows, and `draw_lines` puts lines before them.
"""

from mriprivacy.drawing.camera import Pinhole
from mriprivacy.drawing.lines import draw_lines
from mriprivacy.drawing.triangles import Hits, draw, interpolate, vertex_normals

__all__ = ["Hits", "Pinhole", "draw", "draw_lines", "interpolate", "vertex_normals"]
