"""Texts: counts of pieces by their hashes, against plain loops; no state, any language."""

import numpy as np
import pytest
from sklearn.utils import murmurhash3_32

from drcl_mini.data.features import text_features
from drcl_mini.data.features.text import pieces

TEXTS = ["seven", "Ein kleiner, grüner Hund!", "सात", "семь", "七", "no no no", "a-b c"]


def test_features_are_those_of_a_loop():
    for text, row in zip(TEXTS, text_features(TEXTS), strict=True):
        expected = np.zeros(1024)
        for word in text.lower().replace(",", " ").replace("!", " ").replace("-", " ").split():
            whole = f" {word} "
            found = [whole, *word] + [whole[i : i + n] for n in (2, 3) for i in range(len(whole) - n + 1)]
            for piece in found:
                number = murmurhash3_32(piece, seed=0)
                expected[abs(number) % 1024] += 1 if number >= 0 else -1
        assert np.allclose(row, expected / np.linalg.norm(expected), atol=1e-6)


def test_rows_are_unit_and_do_not_depend_on_others():
    table = text_features(TEXTS)
    assert table.dtype == np.float32
    assert np.allclose(np.linalg.norm(table, axis=1), 1)
    assert np.array_equal(table[2], text_features(TEXTS[2:3])[0])


def test_no_words_give_zeros_and_no_texts_no_rows():
    assert not text_features(["", " ,! "]).any()
    assert text_features([]).shape == (0, 1024)


def test_accents_and_vowel_signs_stay_in_their_word():
    assert next(pieces("सात")) == " सात "
    assert next(pieces("e\u0301te\u0301")) == " e\u0301te\u0301 "


@pytest.mark.parametrize("wrong", [None, 7, b"seven"])
def test_what_is_no_text_is_told(complains, wrong):
    with complains("expected texts", type(wrong).__name__):
        text_features(["seven", wrong])
