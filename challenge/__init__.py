"""The competition: editions, submissions, evaluation, ranking, and the command line.

Imports run one way: cli, commands, settings, export, leaderboard | submission_log | release, evaluation,
attackers | intake, entry, edition, compute. Each folder is a station of the challenge, or what all of them
stand on. Commands do the reading and writing; what is below them works on values.
"""
