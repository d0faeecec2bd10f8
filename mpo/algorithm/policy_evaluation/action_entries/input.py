"""The action enters at the first layer, beside the observation (Acme, Tonic, SR)."""

ENTRY = 0
