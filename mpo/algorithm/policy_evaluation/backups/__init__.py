"""What the critic's target evaluates, one module each: `value(q, temperature)` per state.

V_policy <= V_soft <= V_improved in exact arithmetic. `EVALUATES_Q` says whether the evaluated
policy is the E-step's q, whose importance ratios Retrace then needs, or π_i.
"""
