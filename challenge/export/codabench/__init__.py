"""A benchmark for Codabench.

`bundle` writes it, and `codabench_run` is what the platform starts.
The platform's stock image has an old SciPy, for which `old_scipy` stands in.
"""
