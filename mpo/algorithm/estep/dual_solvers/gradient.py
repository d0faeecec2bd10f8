"""One Adam step on the dual for each batch (P1 Alg. 2; Acme)."""

SOLVES = False
