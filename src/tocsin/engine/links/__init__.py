"""Links and numbers: whether they belong to whom the message says they do, judged offline from reviewed tables.

    tables/brands_*.txt, hosts.txt   written and reviewed by hand
    tables/known.txt, shorteners.txt, numbers.txt   derived by ``scripts/build_links.py``

``brands`` and ``hosts`` read the tables, ``resemblance`` says as whom an unknown host passes itself off, ``judge`` goes
over a batch, ``findings`` holds the codes and their words. Known-good always wins. What is not here: finding the links
(``engine.detectors``), weighing what was found (``engine.combine``), any look-up on a network.
"""

from tocsin.engine.links.brands import Brand, BrandError, Kind, load_brands, read_brands
from tocsin.engine.links.findings import (
    CODES,
    STRENGTHS,
    Code,
    LinkCounts,
    LinkFinding,
    LinkFindings,
    count_findings,
    reason_of,
)
from tocsin.engine.links.judge import LinkTables, judge_links, load_tables

__all__ = [
    "CODES",
    "STRENGTHS",
    "Brand",
    "BrandError",
    "Code",
    "Kind",
    "LinkCounts",
    "LinkFinding",
    "LinkFindings",
    "LinkTables",
    "count_findings",
    "judge_links",
    "load_brands",
    "load_tables",
    "read_brands",
    "reason_of",
]
