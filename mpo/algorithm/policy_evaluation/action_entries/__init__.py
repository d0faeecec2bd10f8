"""Where the action enters the critic, one module each.

`ENTRY` is the index of the hidden layer that takes the action. What comes before it depends on
the state alone and is computed once a state, however many actions are evaluated there.
"""
