"""The learners of several runs of one variant, updated as one: a cohort.

| module | what it holds |
|---|---|
| `stacked` | tensors of K runs as one, a row a run |
| `member` | the learner of one run whose tensors are such rows |
| `updates` | one update of all of them: run by run, or as one computation |
| `learner` | the cohort's learner, which owns the rows |

Imports the learner of one run, its update and the devices; `training.cohort` and the benchmark
call it.
"""
