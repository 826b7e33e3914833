"""What must not stand in a log: receipts, which are part of the addresses of their pages, and who called."""

import logging
import re

# To the end of the path, spaces included: a receipt is often typed with them. What follows a receipt is kept.
_RECEIPT = re.compile(
    r"(/report(?:/|%2F))(?! HTTP/)[^\"'?\n]+?(?=(?:/words|/close)?(?: HTTP/|[\"'?\n]|$))", re.IGNORECASE | re.MULTILINE
)
_CALLER = re.compile(r"(Invalid request from ip=).*?(?=: |$)")


class HideReceipts(logging.Filter):
    """Django names the path of every refused request, gunicorn of each that broke; a mistyped receipt is nearly one."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Put three dots where a receipt or a caller's address stands, in the traceback too; every record passes."""
        record.msg, record.args = _hidden(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            # A formatter takes what it finds here.
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = _hidden(record.exc_text)
        return True


def _hidden(text: str) -> str:
    return _CALLER.sub(r"\1…", _RECEIPT.sub(r"\1…", text))
