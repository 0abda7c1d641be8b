"""Keeps rows and states and withdraws consents until it is killed; says what is done.

python scripts/storage_writer.py STATE SEED
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from scripts.storage_faults import content, permit
from storage import forgetting
from storage.store import open_store


def main(state: Path, seed: int) -> None:
    """Each line is printed once what it says is durable."""
    chance = random.Random(seed)
    with open_store(state, {}) as store:
        vault = store.vault
        turn = max(1, vault.ledger.height.last)
        consents = [name for name in store.keyslots.consents() if not name.startswith("state/")]
        for number in range(3 if len(consents) < 6 else 0):
            consents.append(f"consent-{seed}-{turn}-{number}")
            vault.give(consents[-1], "ada")
        chance.shuffle(consents)
        while True:
            turn += 1
            match chance.randrange(40):
                case 0 if len(consents) > 1:
                    consent = consents.pop()
                    print(f"withdrawing {consent}", flush=True)
                    forgetting.withdraw(vault, consent)
                    print(f"withdrawn {consent}", flush=True)
                case 1 | 2:
                    vault.put_state("lists", {"n": turn}, "list")
                    print(f"state {turn}", flush=True)
                case 3:
                    store.sweeper.sweep()
                case _:
                    consent = chance.choice(consents)
                    number = vault.ledger.height.last + 1
                    vault.keep(permit(consent), content(number))
                    print(f"kept {number} {consent}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
