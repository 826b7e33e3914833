"""RFC 6962 trees: the vectors that Certificate Transparency logs test with, and properties over all small trees."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.ledger import merkle

LEAVES = [
    merkle.leaf_hash(bytes.fromhex(data))
    for data in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
# Published with the reference implementation of RFC 6962.
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
FIRST_OF_EIGHT = [
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
]
SIX_OF_EIGHT = [
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]


def leaves_of(count: int) -> list[bytes]:
    """``count`` distinct leaf hashes."""
    return [merkle.leaf_hash(b"%d" % index) for index in range(count)]


def naive_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962, 2.1, as it is written there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return merkle.node_hash(naive_root(leaves[:split]), naive_root(leaves[split:]))


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_reference(size: int) -> None:
    assert merkle.root(LEAVES[:size]).hex() == ROOTS[size]


def test_proofs_are_those_of_the_reference() -> None:
    assert [hash_.hex() for hash_ in merkle.inclusion_proof(LEAVES, 0)] == FIRST_OF_EIGHT
    assert [hash_.hex() for hash_ in merkle.consistency_proof(LEAVES, 1)] == FIRST_OF_EIGHT
    assert [hash_.hex() for hash_ in merkle.consistency_proof(LEAVES, 6)] == SIX_OF_EIGHT


def test_every_inclusion_proof_of_small_trees_verifies_only_where_it_belongs() -> None:
    for size in range(1, 20):
        leaves = leaves_of(size)
        top = merkle.root(leaves)
        assert top == naive_root(leaves)
        for index in range(size):
            proof = merkle.inclusion_proof(leaves, index)
            accepted = [
                other
                for other in range(-1, size + 1)
                if merkle.verify_inclusion(leaf=leaves[index], index=other, size=size, proof=proof, expected_root=top)
            ]
            assert accepted == [index]


def test_every_consistency_proof_of_small_trees_verifies() -> None:
    for second in range(20):
        leaves = leaves_of(second)
        for first in range(second + 1):
            proof = merkle.consistency_proof(leaves, first)
            assert merkle.verify_consistency(
                first=first,
                second=second,
                first_root=merkle.root(leaves[:first]),
                second_root=merkle.root(leaves),
                proof=proof,
            )


@given(st.integers(1, 200), st.data())
def test_a_changed_inclusion_proof_fails(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(leaves, index)
    top = merkle.root(leaves)
    changed = data.draw(changed_hashes([leaves[index], *proof, top]))
    assert not merkle.verify_inclusion(
        leaf=changed[0], index=index, size=size, proof=changed[1:-1], expected_root=changed[-1]
    )
    for wrong in (proof[:-1], [*proof, top], [*proof, *proof]):
        if wrong != proof:
            assert not merkle.verify_inclusion(
                leaf=leaves[index], index=index, size=size, proof=wrong, expected_root=top
            )


@given(st.integers(2, 200), st.data())
def test_a_changed_consistency_proof_fails(second: int, data: st.DataObject) -> None:
    leaves = leaves_of(second)
    first = data.draw(st.integers(1, second - 1))
    proof = merkle.consistency_proof(leaves, first)
    roots = [merkle.root(leaves[:first]), merkle.root(leaves)]
    changed = data.draw(changed_hashes([*roots, *proof]))
    assert not verify(first, second, changed[:2], changed[2:])
    assert not verify(first, second, roots, proof[:-1])
    assert not verify(first, second, roots, [*proof, roots[0]])
    assert not verify(second, first, roots[::-1], proof)


def test_consistency_has_nothing_to_prove_at_the_ends() -> None:
    leaves = leaves_of(3)
    top = merkle.root(leaves)
    assert verify(3, 3, [top, top], [])
    assert not verify(3, 3, [top, merkle.EMPTY_ROOT], [])
    assert verify(0, 3, [merkle.EMPTY_ROOT, top], [])
    assert not verify(0, 3, [top, top], [])


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=70), st.integers(0, 70))
def test_a_frontier_grows_to_the_same_root_however_it_is_fed(leaves: list[bytes], cut: int) -> None:
    frontier = merkle.Frontier().extend(leaves[:cut])
    for leaf in leaves[cut:]:
        frontier = frontier.append(leaf)
    assert frontier.size == len(leaves)
    assert frontier.root() == naive_root(leaves)


def test_it_refuses_impossible_trees() -> None:
    with pytest.raises(ValueError, match="one hash for each one-bit"):
        merkle.Frontier(3, (bytes(32),))
    with pytest.raises(ValueError, match="32 bytes"):
        merkle.Frontier(1, (b"short",))
    with pytest.raises(IndexError):
        merkle.inclusion_proof(leaves_of(2), 2)
    with pytest.raises(IndexError):
        merkle.consistency_proof(leaves_of(2), 3)


def verify(first: int, second: int, roots: list[bytes], proof: list[bytes]) -> bool:
    """``verify_consistency`` with its arguments in a row."""
    return merkle.verify_consistency(first=first, second=second, first_root=roots[0], second_root=roots[1], proof=proof)


@st.composite
def changed_hashes(draw: st.DrawFn, hashes: list[bytes]) -> list[bytes]:
    """The same hashes with one bit of one of them turned."""
    which = draw(st.integers(0, len(hashes) - 1))
    bit = draw(st.integers(0, 255))
    turned = int.from_bytes(hashes[which], "big") ^ (1 << bit)
    return [*hashes[:which], turned.to_bytes(32, "big"), *hashes[which + 1 :]]
