"""The project's settings, with a home that is thrown away and a password hash that is quick."""

import os
import tempfile
from pathlib import Path

os.environ["TOCSIN_HOME"] = tempfile.mkdtemp(prefix="tocsin-test-")

from tocsin.config.settings import *  # noqa: F403 - the home has to be set first
from tocsin.config.settings import DATABASES, HOME

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: several connections, write-ahead log and locks behave as they do in earnest.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(HOME) / "test.sqlite3")}
