"""All seeds of a variant on a task, trained as one: a cohort.

| module | what it holds |
|---|---|
| `desk` | memory that the players of the runs and their learner share |
| `feed` | a run's side of its replay: what was written, and which rows a batch takes |
| `player` | a run's side of training: simulators, actor, episodes, evaluations |
| `crew`, `worker` | the players, in this process or in workers |
| `storage` | the replays of all runs, as one tensor on the learner's device |
| `member` | a run as its files show it: rows, clock, outcome |
| `session` | the cohort under way, and its checkpoints |
| `job`, `run` | what to train, and training it: locks, resumption, signals, files |

Training goes in rounds. In a round each run is played until its next update is due and its batch
is drawn; then all are updated at once. Each run draws from its own generators what it would draw
alone, and is played and logged in the order in which it would be.

Imports all of `training` and the cohort's learner; commands and the benchmark call it.
"""
