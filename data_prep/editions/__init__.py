"""From a cohort to `public/` and `sealed/`.

`plan` decides ids, splits and lists (`trials`) before anything is written. `release` writes scans and
photographs without metadata; `metadata` and `leaks` look for names in what is written. `seal` writes lists,
key, manifest and commitment.
"""
