"""Forms of the M-step's likelihood and KL terms, one module each."""
