"""Derives the tables of ``engine/links`` that nobody writes: ``known.txt``, ``shorteners.txt``, ``numbers.txt``.

Sources, none of them copied as a file: the MISP warning lists (CC0) of much visited sites, of banks and of shorteners;
the vCards of metowolf (MIT) for service numbers of Chinese organisations; the public suffix list as tldextract ships it
(MPL-2.0), to leave out names under which anyone may register. Run it again when one of them moves on; the output is
byte for byte the same from the same sources.

    python scripts/build_links.py --warning-lists DIR --vcards DIR
"""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import tldextract

from tocsin.engine.links.brands import load_brands
from tocsin.engine.links.hosts import read_hosts

OUTPUT = Path(__file__).resolve().parent.parent / "src" / "tocsin" / "engine" / "links" / "tables"
POPULAR = ("tranco10k", "majestic_million", "alexa", "cisco_top20k")
BANKS = "bank-website"
SHORTENERS = "url-shortener"

FEWEST_LISTS = 2
"""A site counts as well known where so many lists of popular sites agree; one list is easily gamed."""

_DOUBTFUL = re.compile(
    r"porn|sex|jasmin|onlyfans|chaturb|stripchat|xxx|xvideo|xhamster|hentai|escort|cam(?:s|girl|4)|bet(?:s|\d|[^ht]|$)|casino|poker|slot|lotter|gambl|"
    r"torrent|pirat|123movie|putlocker|crack|dating|loan|forex|\d{3}(?:movies|av)|webhost|dyndns|\bddns|no-ip|short|tiny"
)
"""Names of sites that lures like to lead to, and of hosts where anyone gets a name: popular, but no good sign."""

_HEADER = "# Derived by scripts/build_links.py, not written by hand. {about}\n"
_NUMBER = re.compile(r"^\s*-?\s*(?:number:)?\s*[\"']?(\+?[\d][\d\s()-]{3,})[\"']?\s*$")
_EXTRACT = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def main() -> int:
    """Read the sources, derive, write. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warning-lists", type=Path, required=True, help="folder with MISP's lists as JSON")
    parser.add_argument("--vcards", type=Path, required=True, help="folder with the YAML files of metowolf/vCards")
    parser.add_argument("-o", "--output", type=Path, default=OUTPUT)
    options = parser.parse_args()
    lists = options.warning_lists
    written = {
        "known.txt": ("From the MISP warning lists (CC0).", known_sites(lists)),
        "shorteners.txt": ("From the MISP warning list of shorteners (CC0).", shorteners(lists)),
        "numbers.txt": ("From the vCards of metowolf (MIT): organisation, numbers.", numbers(options.vcards)),
    }
    for name, (about, lines) in written.items():
        text = _HEADER.format(about=about) + "".join(f"{line}\n" for line in lines)
        (options.output / name).write_text(text, encoding="utf-8")
        print(f"{name}: {len(lines)} lines, {len(text.encode()):,} bytes")
    return 0


def known_sites(folder: Path) -> list[str]:
    """Registered domains that several lists of popular sites name, and those of banks; not ours, no doubtful ones."""
    votes: Counter[str] = Counter()
    for name in POPULAR:
        votes.update(set(_registered(_entries(folder, name))))
    popular = {domain for domain, count in votes.items() if count >= FEWEST_LISTS}
    kept = popular | set(_registered(_entries(folder, BANKS)))
    ours = {domain.host for brand in load_brands().brands for domain in brand.domains} | set(read_hosts().entries())
    ours |= set(shorteners(folder))
    return sorted(domain for domain in kept if not (_lies_in(domain, ours) or _DOUBTFUL.search(domain)))


def _lies_in(host: str, entries: set[str]) -> bool:
    """Whether a host is one of the entries, or ends in one."""
    while host and host not in entries:
        host = host.partition(".")[2]
    return bool(host)


def shorteners(folder: Path) -> list[str]:
    """Hosts that forward from a short address; without those of a brand that forward only to itself."""
    ours = {domain.host for brand in load_brands().brands for domain in brand.domains} | set(read_hosts().entries())
    return sorted({host.lower().strip(".") for host in _entries(folder, SHORTENERS)} - ours)


def numbers(folder: Path) -> list[str]:
    """One line for each organisation: its name, a bar, its numbers in the spelling of our indicators."""
    lines = []
    for path in sorted(folder.rglob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        name = re.search(r"organization:\s*(.+)", text)
        block = text.partition("cellPhone:")[2].partition("workEmail:")[0].partition("url:")[0]
        found = [_as_indicator(match[1]) for line in block.splitlines() if (match := _NUMBER.match(line))]
        if name and found:
            lines.append(f"{name[1].strip()} | {', '.join(dict.fromkeys(found))}")
    return sorted(lines)


def _as_indicator(written: str) -> str:
    """A number as the phone detector gives it: Chinese ones as digits, others with a plus and no separators."""
    plain = re.sub(r"[\s()-]", "", written)
    return re.sub(r"^\+86", "0", plain)


def _entries(folder: Path, name: str) -> list[str]:
    found: list[str] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))["list"]
    return found


def _registered(hosts: Iterable[str]) -> Iterable[str]:
    """The domain that somebody registered under a suffix of the public list; suffixes themselves are left out."""
    for host in hosts:
        parts = _EXTRACT.extract_str(host.strip(".").lower())
        if parts.domain and parts.suffix and not parts.is_private:
            yield f"{parts.domain}.{parts.suffix}"


if __name__ == "__main__":
    sys.exit(main())
