from __future__ import annotations

import subprocess
import sys
from math import fsum, isclose, sqrt

import pytest

from memory.embedding import HashedEmbedder, hashed
from memory.in_memory import cosine_of


def test_a_vector_has_unit_length_and_its_dimension() -> None:
    vector = hashed("always ask before e-mailing customers")

    assert len(vector) == HashedEmbedder.dim
    assert isclose(sqrt(fsum(value * value for value in vector)), 1, abs_tol=1e-9)


def test_a_text_without_words_has_none() -> None:
    assert hashed("… !") == []


def test_another_process_makes_the_same_vector() -> None:
    code = "from memory.embedding import hashed; print(hashed('Bestellungen aus dem Shop')[:8])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7"}).stdout

    assert printed.strip() == str(hashed("Bestellungen aus dem Shop")[:8])


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("fetch the orders of the shop", "fetching shop orders", "approve the invoices of the kitchen"),
        ("Bestellungen aus dem Shop holen", "neue Bestellung im Shop", "Rechnungen an die Buchhaltung"),
        ("每天早上发送报告", "每天发送销售报告", "批准发票"),
        ("invoices above 1000 euro", "approve invoices over 1000 euro", "the kitchen opens at nine"),
    ],
)
def test_what_is_worded_alike_is_nearer_than_what_is_not(text: str, near: str, far: str) -> None:
    assert cosine_of(hashed(text), hashed(near)) > HashedEmbedder.floor + 0.1
    assert cosine_of(hashed(text), hashed(far)) < cosine_of(hashed(text), hashed(near)) - 0.1
