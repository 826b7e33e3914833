"""A contest of model families on the same rows: which is worth its cost. Run by ``python -m tocsin.lab.contest``.

Not here: the training of what is shipped (``lab.learning``), and any figure of the shipped model (``lab.evaluate``).
"""
