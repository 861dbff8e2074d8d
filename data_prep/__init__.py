"""People become an edition: cohort, photographs, trials, sealing."""
