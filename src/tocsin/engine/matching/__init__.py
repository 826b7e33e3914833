"""Matching: which published correction answers a message.

A correction is a text, or a title, a subtitle and the claim that it answers. ``matcher.py`` is the door: built from
corrections, asked with messages. ``reading.py`` prepares a text, ``terms.py`` cuts it into terms, ``index.py`` keeps
the corrections in columns, ``search.py`` finds the nearest hundred, ``evidence.py`` weighs each of them by a few
features, ``model.py`` holds what was learned (by ``lab.matching``).

Belongs here: ranking texts by other texts. Does not belong here: files, databases, what a claim or a rating is.
"""
