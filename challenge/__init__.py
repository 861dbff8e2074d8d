"""The competition: editions, submissions, evaluation, ranking, and the command line."""
