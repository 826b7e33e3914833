"""The smallest settings under which the ledger runs alone, for the processes that tests start and kill."""

import os

import dj_database_url

SECRET_KEY = "tests only"
INSTALLED_APPS = ["tocsin.ledger"]
USE_TZ = True
TIME_ZONE = "UTC"
DATABASES = {"default": dj_database_url.parse(os.environ.get("LEDGER_TEST_DATABASE", "sqlite:///:memory:"))}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
    }
LEDGER_ORIGIN = "tocsin.example.org"
LEDGER_KEY_FILE = os.environ.get("LEDGER_TEST_KEY", "/nonexistent/ledger.key")
