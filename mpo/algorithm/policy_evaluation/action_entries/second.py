"""The action enters at the second hidden layer (Lillicrap et al. 2015).

Each of N action samples then costs an A x H product and a ReLU instead of an H x H product.
"""

ENTRY = 1
