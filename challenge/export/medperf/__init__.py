"""Containers for MedPerf: the evaluation goes to the scans, and neither scans nor key leave their hospital.

`containers` writes their folder, `medperf_run` is what MedPerf starts in them.
"""
