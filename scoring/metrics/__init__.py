"""Metrics, one idea a file, on 1-D arrays of scores.

`verification` has EER, AUC and TMR, on the `steps` of an error curve, `operating` rates and costs at one
threshold; `linkability`, `calibration`,
`identification` and `gallery` have what their names say. `attributes` scores predictions, `utility` and
`utility_measures` what defacing costs the image.
"""
