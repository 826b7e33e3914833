"""The sample town of ``tocsin demo``: its data (TOML, the stream, the database template) and what builds it.

``homes`` and ``children`` know no Django and are all that a later start needs; ``building`` loads the rest.
"""
