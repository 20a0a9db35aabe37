"""ROUGE-L between two texts, as the package ``rouge-score`` computes it with stemming; a test compares the two.

That package was last released in 2022, as a source archive, and brings NLTK; what is needed of both is little.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agenttts_env.tasks.porter import stem


def rouge_l(predicted: str, gold: str) -> float:
    """F1 of the longest common subsequence of words (C.-Y. Lin, 2004), in [0, 1].

    Words are the runs of a-z and 0-9 in the lower-case text, those of more than three letters reduced to their stem.
    A line break is white space like any other. If either text has no words, the score is 0.
    """
    said, wanted = _words(predicted), _words(gold)
    shared = _common(said, wanted)
    return 2 * shared / (len(said) + len(wanted)) if shared else 0.0


def _words(text: str) -> list[str]:
    return [stem(word) if len(word) > 3 else word for word in re.findall("[a-z0-9]+", text.lower())]


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    lengths = [0] * (len(other) + 1)
    for word in one:
        diagonal = 0
        for position, match in enumerate(other, 1):
            above = lengths[position]
            lengths[position] = diagonal + 1 if word == match else max(above, lengths[position - 1])
            diagonal = above
    return lengths[-1]
