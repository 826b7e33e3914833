"""Files of messages in, files of assessments out. No Django, no network, no knowledge of what a harm is.

The way of one row: ``sources`` (bytes) → ``encodings``, ``lines`` (text lines) → ``readers`` (rows) → ``batches`` →
``judging`` (asks the assessor) → ``rendering`` (bytes) → ``output`` (``OUT.part`` and its journal) → ``OUT``.
``scanning`` drives it. The command line lives in ``tocsin.config.commands.scan``.
"""
