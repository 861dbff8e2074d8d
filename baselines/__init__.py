"""The reference systems: attacks on faces in head MRI, and defacers against them.

`face` turns a scan into a surface, pictures and landmarks, `attacks` compares them, `hair` removes hair from
photographs, `brain` analyses brains, and `defacers` anonymize scans. The reference systems write submissions
as every team does and have no way around the intake.
"""
