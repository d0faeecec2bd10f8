"""What of a run comes out the same again, on one kind of processor; its other files hold times."""

from mpo.rundir.files import EVALUATIONS, POLICY, TRAINING

HELD_TO_BYTES = (EVALUATIONS, TRAINING, POLICY)
