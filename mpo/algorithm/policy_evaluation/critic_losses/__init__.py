"""Losses of the critic, one module each: `loss(error)`, per pair."""
