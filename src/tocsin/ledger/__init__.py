"""The append-only record of acts, its signed checkpoints and their proofs.

Counts and meaning belong to ``figures``; who may do what belongs to the rooms that append.
"""
