"""Where a learner's tensors live, and how its methods are compiled there, one module each.

`available()`, `name()`, `moved(batch)` to the device and `readable(tensor)` from it,
`can_compile()`, `compiled(method)` and `compiled_in_place(method)`.
"""
