"""What the critic's target evaluates, one module each: `value(q, temperature)` per state.

V_policy <= V_soft <= V_improved in exact arithmetic.
"""
