"""Trains the names model on generated sentences: `make model`.

Adam (Kingma and Ba 2015) over a small convolutional tagger, by hand in numpy; the same seed gives
the same model on the same machine. `--held-out --output FILE` keeps a tenth of the templates and
of the names apart, and measures on those.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from names_generator import Generator, Sentence
from names_lexicon import entries
from names_trainer import BATCH, Batches, Trainer, label
from names_values import NAME_KINDS

from pipeline.detectors.names_model import LABELS, MODEL, NamesModel
from pipeline.detectors.words import tokens


def evaluate(model: NamesModel, sentences: Sequence[Sentence], threshold: float) -> str:
    """Leak of direct identifiers (any word of one survives) and commands damaged, in percent."""
    quasi = {"LOCATION", "ORGANIZATION"}
    private = leaked = public = damaged = 0
    for sentence in sentences:
        found = tokens(sentence.text)
        hidden = model.probabilities(model.inputs(found))[:, 0] < 1 - threshold
        gold = [LABELS[label(sentence, t.start, t.end)] for t in found]
        if not any(gold):
            public += 1
            damaged += bool(hidden.any())
        elif any(kind and kind not in quasi for kind in gold):
            private += 1
            leaked += any(
                kind and kind not in quasi and not hide
                for kind, hide in zip(gold, hidden, strict=True)
            )
    leak, damage = 100 * leaked / private, 100 * damaged / public
    return f"leak {leak:.2f} % of {private}, damage {damage:.2f} % of {public}"


def train(seed: int, count: int, epochs: int, held_out: bool) -> Trainer:
    """Learn from `count` sentences; `held_out`: from none of the held-out templates and names."""
    began = time.perf_counter()
    half = False if held_out else None
    generator = Generator(random.Random(seed), half, half)
    sentences = (generator.sentence() for _ in range(count))
    data = Batches(sentences, entries(all_names=not held_out))
    print(f"{len(data.ids)} sentences, {len(data.rows)} different words", flush=True)
    trainer = Trainer(seed)
    steps = epochs * (len(data.ids) // BATCH)
    done, total = 0, 0.0
    for _ in range(epochs):
        order = trainer.rng.permutation(len(data.ids))
        for first in range(0, len(order) - BATCH + 1, BATCH):
            rate = 3e-3 * min(1.0, (done + 1) / 200) * max(0.02, 1 - done / steps)
            total += trainer.step(data, order[first : first + BATCH], rate)
            done += 1
            if done % 500 == 0:
                seconds = time.perf_counter() - began
                print(f"step {done}/{steps} loss {total / 500:.4f} {seconds:.0f} s", flush=True)
                total = 0.0
    return trainer


def main() -> int:
    """Train and save; or measure what a model makes of held-out templates and names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentences", type=int, default=550_000)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--output", type=Path, default=MODEL)
    parser.add_argument(
        "--held-out", action="store_true", help="keep a tenth apart, and measure on that"
    )
    options = parser.parse_args()
    assert set(NAME_KINDS.values()) <= set(LABELS)
    trainer = train(options.seed, options.sentences, options.epochs, options.held_out)
    trainer.save(options.output, entries(all_names=not options.held_out))
    print(f"{options.output}: {options.output.stat().st_size} bytes")
    if options.held_out:
        report(NamesModel(options.output))
    return 0


def report(model: NamesModel) -> None:
    """Print figures on what was held out; held-out names are in no list of this model."""
    for held_templates, held_names in ((False, False), (False, True), (True, False), (True, True)):
        generator = Generator(random.Random(99), held_templates, held_names)
        sentences = [generator.sentence() for _ in range(3000)]
        for threshold in (0.3, 0.5, 0.7):
            print(
                f"templates {'held out' if held_templates else 'seen    '} "
                f"names {'held out' if held_names else 'seen    '} "
                f"threshold {threshold}: {evaluate(model, sentences, threshold)}"
            )


if __name__ == "__main__":
    sys.exit(main())
