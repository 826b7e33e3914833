"""Measures the engine: how fast each stage is, beside what people would build otherwise, and whether it stays so.

``reference`` makes the messages that everything is measured on. ``stages`` and ``peers`` give the rows of the table in
``table``; ``growth``, ``workers``, ``service`` and ``hostile`` measure what the table does not show: cost by number of
messages, by number of processes, start and memory, and text made to be slow. ``fuzz`` looks for text that breaks.
``report`` runs them in order and ``plot`` draws. Nothing here changes what the engine says; whether it is right is
measured in ``lab.evaluate``.
"""
