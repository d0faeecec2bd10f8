"""How an update is computed, whatever it computes: Adam, operations that compile well, devices."""
