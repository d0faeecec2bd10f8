"""Duals of the E-step, one module each: `dual(q, temperature, epsilon, state_weights)`."""
