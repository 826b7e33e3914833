"""The ways in which senders disguise a text, one function each: ``(text, random) -> Places``.

A kind proposes; ``lab/disguise.py`` chooses which places it uses. What does not belong here: how many places are
changed, and anything that undoes a disguise, which is ``engine/fold.py``.
"""
