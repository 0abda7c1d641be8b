"""Writes `pipeline/grammar/letters.txt`: how letters are said, learned from the CMU dictionary.

Letters and phones are aligned by expectation maximisation (each letter says none, one or two
phones; after Black, Lenzo and Pagel, "Issues in building general letter to sound rules",
1998). Then every letter gets a list of contexts, widest first, that say something else than
the narrower context within them. Run it again when the dictionary changes:

    python scripts/train_letters.py
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from pathlib import Path

import pocketsphinx

OUT = Path(__file__).parent.parent / "pipeline" / "grammar" / "letters.txt"
CONTEXTS = ((0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 2), (3, 3))
"""Letters before and after, narrow to wide."""
FEWEST = 6
"""Words in which a context must be seen."""
SUREST = 0.55
"""Share of its words that a context must get right."""
ROUNDS = 4
SAMPLE = 12
"""One word in so many teaches the alignment; all of them teach the rules."""
Table = dict[str, Counter[str]]


def words() -> list[tuple[str, list[str]]]:
    """Plain words of the dictionary and their first pronunciation."""
    path = Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict"))
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        word, _, phones = line.partition(" ")
        if re.fullmatch(r"[a-z]+", word) and len(phones.split()) <= 2 * len(word):
            found.append((word, phones.split()))
    return found


def align(word: str, phones: list[str], table: Table) -> list[str] | None:
    """The likeliest phones for each letter, joined by spaces."""
    best: dict[tuple[int, int], tuple[float, tuple[str, ...]]] = {(0, 0): (0.0, ())}
    for index, letter in enumerate(word):
        total = sum(table[letter].values()) + 1.0
        for said in range(len(phones) + 1):
            if (index, said) not in best:
                continue
            score, path = best[index, said]
            for count in range(min(2, len(phones) - said) + 1):
                unit = " ".join(phones[said : said + count])
                gain = score + math.log((table[letter][unit] + 1e-3) / total)
                key = (index + 1, said + count)
                if key not in best or gain > best[key][0]:
                    best[key] = (gain, (*path, unit))
    end = best.get((len(word), len(phones)))
    return list(end[1]) if end is not None else None


def first_guess(lexicon: list[tuple[str, list[str]]]) -> Table:
    """Counts of phones at the letter's relative place in the word."""
    table: Table = defaultdict(Counter)
    for word, phones in lexicon:
        for index, letter in enumerate(word):
            place = index * len(phones) / len(word)
            for near in {int(place), min(int(place + 1), len(phones) - 1)}:
                table[letter][phones[near]] += 1
            table[letter][""] += 0.3  # type: ignore[assignment]
    return table


def aligned(lexicon: list[tuple[str, list[str]]]) -> list[tuple[str, list[str]]]:
    """Every word with the phones of its letters."""
    sample = lexicon[::SAMPLE]
    table = first_guess(sample)
    for _ in range(ROUNDS):
        counts: Table = defaultdict(Counter)
        for word, phones in sample:
            for letter, unit in zip(word, align(word, phones, table) or [], strict=False):
                counts[letter][unit] += 1
        table = counts
    return [(word, units) for word, phones in lexicon if (units := align(word, phones, table))]


def context(word: str, index: int, before: int, after: int) -> str:
    """A letter in brackets with its neighbours; # is the edge of the word."""
    padded = "###" + word + "###"
    place = index + 3
    return f"{padded[place - before : place]}[{word[index]}]{padded[place + 1 : place + 1 + after]}"


def rules(examples: list[tuple[str, list[str]]]) -> dict[str, str]:
    """Contexts that say something else than the narrower ones."""
    counts: list[Table] = [defaultdict(Counter) for _ in CONTEXTS]
    for word, units in examples:
        for index, unit in enumerate(units):
            for table, (before, after) in zip(counts, CONTEXTS, strict=True):
                table[context(word, index, before, after)][unit] += 1
    kept: dict[str, str] = {}
    for level, table in enumerate(counts):
        for name, units in table.items():
            unit, count = units.most_common(1)[0]
            total = sum(units.values())
            is_sure = level == 0 or (total >= FEWEST and count / total >= SUREST)
            if is_sure and narrower(name, level, kept) != unit:
                kept[name] = unit
    return kept


def narrower(name: str, level: int, kept: dict[str, str]) -> str | None:
    """What the narrower contexts say."""
    left, letter, right = re.fullmatch(r"(.*)\[(.)\](.*)", name).groups()  # type: ignore[union-attr]
    for before, after in reversed(CONTEXTS[:level]):
        inner = f"{left[len(left) - before :]}[{letter}]{right[:after]}"
        if before <= len(left) and after <= len(right) and inner in kept:
            return kept[inner]
    return None


def main() -> None:
    """Train on nine tenths, say how good that is, then train on all and write."""
    lexicon = words()
    examples = aligned(lexicon)
    kept = rules(examples)
    lines = [f"{name}\t{unit}" for name, unit in sorted(kept.items())]
    OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(examples)} words, {len(kept)} rules: {OUT}")


if __name__ == "__main__":
    main()
