"""The head of a synthetic person, and its scan.

`mesh` shapes the skin, `anatomy` and `brain` fill it, `volume` and `voxels` turn it into labels. `tissues`
gives labels a signal and `scanning` makes the scan. `landmarks` are points that are known on every head.
"""
