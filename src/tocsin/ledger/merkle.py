"""Merkle trees after RFC 6962, section 2.1: hashes, roots, proofs, and the compact range that lets a tree grow.

Pure functions over 32-byte hashes. What a leaf means is not known here.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Hash one leaf: SHA-256 of 0x00 and the bytes (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two sub-trees into one: SHA-256 of 0x01, left, right (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """A tree's compact range: the roots of the perfect sub-trees that make it up, largest first.

    ``len(hashes)`` is the number of one-bits of ``size``. It is all that a writer needs to append and to state a root.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        """Raise ValueError where the hashes cannot belong to a tree of that size."""
        if self.size < 0 or len(self.hashes) != self.size.bit_count():
            raise ValueError("a frontier holds one hash for each one-bit of its size")
        if any(len(hash_) != HASH_BYTES for hash_ in self.hashes):
            raise ValueError("a hash has 32 bytes")

    def append(self, leaf: bytes) -> "Frontier":
        """Return the frontier with one more leaf hash."""
        return self.extend((leaf,))

    def extend(self, leaves: Sequence[bytes]) -> "Frontier":
        """Return the frontier with more leaf hashes; amortised constant time for each."""
        hashes, size = list(self.hashes), self.size
        for leaf in leaves:
            joined, remaining = leaf, size
            while remaining & 1:  # every one-bit from the right is a full sub-tree that this leaf completes
                joined = node_hash(hashes.pop(), joined)
                remaining >>= 1
            hashes.append(joined)
            size += 1
        return Frontier(size, tuple(hashes))

    def root(self) -> bytes:
        """Return the tree head of RFC 6962, 2.1."""
        if not self.hashes:
            return EMPTY_ROOT
        joined = self.hashes[-1]
        for hash_ in reversed(self.hashes[:-1]):
            joined = node_hash(hash_, joined)
        return joined


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the tree head over leaf hashes."""
    return Frontier().extend(leaves).root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the audit path of the leaf at ``index``, nearest sibling first (RFC 6962, 2.1.1).

    Raises IndexError for an index outside the tree.
    """
    if not 0 <= index < len(leaves):
        raise IndexError("the tree has no leaf at that index")
    path: list[bytes] = []
    low, high = 0, len(leaves)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(root(leaves[middle:high]))
            high = middle
        else:
            path.append(root(leaves[low:middle]))
            low = middle
    return path[::-1]


def verify_inclusion(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes) -> bool:
    """Say whether a leaf hash is at ``index`` of the tree of ``size`` leaves with that root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last, joined = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            joined = node_hash(sibling, joined)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            joined = node_hash(joined, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and joined == expected_root


def consistency_proof(leaves: Sequence[bytes], first: int) -> list[bytes]:
    """Return the proof that the tree of the ``first`` leaves is a prefix of the tree over all (RFC 6962, 2.1.2).

    Empty where there is nothing to prove: ``first`` is 0 or the whole tree. Raises IndexError outside that range.
    """
    if not 0 <= first <= len(leaves):
        raise IndexError("the earlier tree cannot be larger than the later one")
    if first in (0, len(leaves)):
        return []
    path: list[bytes] = []
    low, high, whole = 0, len(leaves), True
    while first != high:
        middle = low + _split(high - low)
        if first <= middle:
            path.append(root(leaves[middle:high]))
            high = middle
        else:
            path.append(root(leaves[low:middle]))
            low, whole = middle, False
    if not whole:
        path.append(root(leaves[low:high]))
    return path[::-1]


def verify_consistency(
    *, first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Say whether the tree of ``first`` leaves is a prefix of the tree of ``second`` (RFC 9162, 2.1.4.2)."""
    if first == second:
        return not proof and first_root == second_root
    if first == 0:
        return not proof and first_root == EMPTY_ROOT and second > 0
    if not 0 < first < second or not proof:
        return False
    path = list(proof)
    if first & (first - 1) == 0:  # a perfect tree is itself the first node, and left out of the proof
        path.insert(0, first_root)
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def _split(size: int) -> int:
    """Return the largest power of two below ``size`` (RFC 6962's k)."""
    return 1 << (size - 1).bit_length() - 1
