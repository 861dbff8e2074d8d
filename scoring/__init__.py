"""Numbers from scores: verification, linkability, intervals, ranking. Arrays in, frozen results out."""
