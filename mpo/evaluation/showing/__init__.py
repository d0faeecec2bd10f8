"""Figures, tables and films of frames, with their captions. Computes nothing of its own."""
