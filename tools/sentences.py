"""Write the directions of the sentences that the search reads: `python -m tools.sentences`, after a shipped page changed.

With `--check` it only says whether a sentence is missing.  A missing one costs a clinic's first question a few hundredths
of a second, and never an answer.
"""

from __future__ import annotations

import sys

from stillhaven.reference import _sentences
from stillhaven.reference._education import education
from stillhaven.science.ask import lines_of


def texts() -> list[str]:
    """Every sentence of the shipped pages that the search reads, and what no page answers."""
    ours = {line.text for page in education().pages.values() for line in lines_of(page)}
    return sorted(ours | set(education().elsewhere))


def main() -> int:
    wanted = texts()
    missing = [text for text in wanted if _sentences.name_of(text) not in _sentences.stored()]
    if "--check" in sys.argv:
        print(f"{len(wanted)} sentences, {len(missing)} without a direction")
        return int(bool(missing))
    model = _sentences.encoder()
    if model is None:
        print(f"the package {_sentences.PACKAGE} is not installed", file=sys.stderr)
        return 1
    print(f"{_sentences.store(wanted, model)} sentences in {_sentences.STORED.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
