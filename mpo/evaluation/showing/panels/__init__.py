"""What figures are put together from: panels in a grid, axes, legends, and what is drawn on them.

| module | what |
| --- | --- |
| `layout` | grids of panels, a panel a task and four variants, their titles |
| `legends` | the legend below the panels, and the room that it takes |
| `axes` | axes in thousands, plain and logarithmic |
| `marks` | lines of runs, estimates with their intervals, references |
| `composed` | whole figures of one kind, which several diagnostics are |
"""
