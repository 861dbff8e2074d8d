"""What scanners and people do to a scan of one head."""

from collections.abc import Callable

import nibabel as nib
import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from mriprivacy.baselines.face.scan import Scan

Change = Callable[[Scan], Scan]


def halved(scan: Scan) -> Scan:
    """Average 2 x 2 x 2 voxels, RAS+."""
    image = nib.as_closest_canonical(nib.Nifti1Image(scan.data, scan.affine))
    data = np.asarray(image.dataobj, np.float32)
    i, j, k = (extent // 2 for extent in data.shape)
    data = data[: 2 * i, : 2 * j, : 2 * k].reshape(i, 2, j, 2, k, 2).mean(axis=(1, 3, 5))
    return Scan(data, image.affine @ np.diag([2.0, 2.0, 2.0, 1.0]))


def tilted(angles: tuple[float, float, float]) -> Change:
    """Turn the head inside of its grid, degrees about the axes to the right, to the front and up."""

    def change(scan: Scan) -> Scan:
        turn = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
        centre = (np.array(scan.data.shape) - 1) / 2
        return Scan(ndimage.affine_transform(scan.data, turn, centre - turn @ centre, order=1), scan.affine)

    return change


def noisy(share: float) -> Change:
    def change(scan: Scan) -> Scan:
        rng = np.random.default_rng(0)
        sigma = share * np.percentile(scan.data, 99)
        real, imaginary = rng.normal(0, sigma, (2, *scan.data.shape))
        return Scan(np.hypot(scan.data + real, imaginary), scan.affine)

    return change


def ghosted(share: float) -> Change:
    return lambda scan: Scan(scan.data + share * np.roll(scan.data, scan.data.shape[1] // 2, 1), scan.affine)


def wrapped(scan: Scan) -> Scan:
    """20 mm of the back of the head fold over to the front of the field of view."""
    data = scan.data[:, 10:].copy()
    data[:, -10:] += scan.data[:, :10]
    return Scan(data, scan.affine)


def cut(right: int, top: int, bottom: int) -> Change:
    """Cut voxels off the field of view."""
    return lambda scan: Scan(
        scan.data[right : scan.data.shape[0] - right, :, bottom : scan.data.shape[2] - top],
        scan.affine,
    )


def shaded(scan: Scan) -> Scan:
    """Brighter by 40 % on one side, darker on the other, as a coil makes it."""
    return Scan(
        scan.data * np.linspace(0.6, 1.4, scan.data.shape[0], dtype=np.float32)[:, None, None], scan.affine
    )


def mirrored(scan: Scan) -> Scan:
    """Stored from the other side, with a header that says so."""
    flip = np.diag([-1.0, 1.0, 1.0, 1.0])
    flip[0, 3] = scan.data.shape[0] - 1
    return Scan(scan.data[::-1], scan.affine @ flip)


FEW: dict[str, Change] = {
    "nodding": tilted((10, 0, 0)),
    "noise 5 %": noisy(0.05),
    "ghost 10 %": ghosted(0.1),
    "wrapped": wrapped,
    "no crown": cut(0, 15, 0),
    "shaded": shaded,
}
MORE: dict[str, Change] = {
    "head back": tilted((-10, 0, 0)),
    "leaning": tilted((0, 10, 0)),
    "looking aside": tilted((0, 0, 20)),
    "noise 2 %": noisy(0.02),
    "mirrored": mirrored,
    "ghost 5 %": ghosted(0.05),
    "no ears": cut(18, 0, 0),
    "no neck": cut(0, 0, 25),
    "no chin": cut(0, 0, 30),  # up to under the lower lip, of A and of B
}


# So noisy that a face is found, but it could be anybody's (docs/results/real_heads.md).
NOISIEST: dict[str, Change] = {"noise 10 %": noisy(0.1), "noise 15 %": noisy(0.15)}
