"""What a submission is checked for beside its figures: what is wrong is named, and the system is not ranked.

`brain_gate` measures how much of the brain changed. `games` names scans that are swapped, copied or left as
they were; `whose_face` and `kept_face` look for original faces in defaced scans, `face_presence` for any.
`audit` and `metadata_leak` measure what files give away without a face, `same_defacing` whether dev and eval
were defaced alike, `rare_people` who is alone.
"""
