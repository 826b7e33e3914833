"""What must not stand in a log: receipts, which are part of the addresses of their pages."""

import logging
import re

_RECEIPT = re.compile(r"(/report/)[^/\s?]+")


class HideReceipts(logging.Filter):
    """Django names the path of every refused request; a mistyped receipt is nearly a receipt."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Put three dots where a receipt stands; every record passes."""
        record.msg, record.args = _RECEIPT.sub(r"\1…", record.getMessage()), ()
        return True
