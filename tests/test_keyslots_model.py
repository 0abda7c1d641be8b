"""The keyslot file under any order of keeping, expiring, forgetting and restarting."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from assistant.private import Private
from storage.contents import decoded
from storage.keyslots import Keyslots
from storage.slots import SLOT_BYTES, Slot, opened_slot

MASTER = Private(bytes(range(32)))
NOW = 29_900_000
SUBJECTS = ("household", "person:ada", "person:bob")


def key(keys: Keyslots, consent: str = "c1", made: int = NOW, expires: int = NOW + 60):
    return keys.row_key(consent, made=made, expires=expires)


def secrets(path: Path, master: Private[bytes] = MASTER) -> list[set[bytes]]:
    """Every key that stands in slot A, and in slot B."""
    found = []
    for number in (0, 1):
        slot = opened_slot(path.read_bytes()[number * SLOT_BYTES :][:SLOT_BYTES], [master])
        assert isinstance(slot, Slot)
        contents = decoded(slot.content)
        nodes = {*contents.expires.nodes.values(), *contents.made.nodes.values()}
        found.append(nodes | {consent.key for consent in contents.consents.values()})
    return found


class Model(RuleBasedStateMachine):
    """Any order of making, expiring, forgetting and restarting, against plain sets."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "keyslots"
        self.keys = Keyslots.create(self.path, MASTER, NOW)
        self.rows: dict[tuple[str, int, int], Private[bytes] | None] = {}
        self.dead: set[bytes] = set()

    def teardown(self) -> None:
        if hasattr(self, "keys"):
            self.keys.close()
            self.folder.cleanup()

    def lose(self, is_lost) -> None:
        for row in self.rows:
            if is_lost(*row):
                self.rows[row] = None

    def change(self, act) -> None:
        before = secrets(self.path)[0]
        act()
        self.dead |= before - secrets(self.path)[0]

    @rule(number=st.integers(0, 5), subject=st.sampled_from(SUBJECTS))
    def consent(self, number, subject) -> None:
        if f"c{number}" not in self.keys.consents():
            self.keys.add_consent(f"c{number}", subject)

    @rule(number=st.integers(0, 5), made=st.integers(0, 80), expires=st.integers(0, 80))
    def keep(self, number, made, expires) -> None:
        row = (f"c{number}", NOW + made, NOW + expires)
        found = key(self.keys, *row)
        if found is not None and self.rows.get(row) is None:
            assert all(found != other for other in self.rows.values())
            self.rows[row] = found

    @rule(minute=st.integers(0, 80))
    def expire(self, minute) -> None:
        self.change(lambda: self.keys.expire(NOW + minute))
        self.lose(lambda _, __, expires: expires <= NOW + minute)

    @rule(first=st.integers(0, 80), length=st.integers(0, 20))
    def forget(self, first, length) -> None:
        self.change(lambda: self.keys.erase_made(NOW + first, NOW + first + length))
        self.lose(lambda _, made, __: first <= made - NOW <= first + length)

    @rule(number=st.integers(0, 5))
    def withdraw(self, number) -> None:
        if self.keys.has_consent(f"c{number}"):
            self.change(lambda: self.keys.destroy_consent(f"c{number}"))
            self.lose(lambda consent, _, __: consent == f"c{number}")

    @rule(subject=st.sampled_from(SUBJECTS))
    def forget_person(self, subject) -> None:
        named = {name for name, owner in self.keys.consents().items() if owner == subject}
        self.change(lambda: self.keys.destroy_subject(subject))
        self.lose(lambda consent, _, __: consent in named)

    @rule()
    def forget_all(self) -> None:
        self.change(self.keys.destroy_all)
        self.lose(lambda *_: True)

    @rule(damaged=st.sampled_from([None, 0, 1]), place=st.integers(0, SLOT_BYTES - 1))
    def restart(self, damaged, place) -> None:
        self.keys.close()
        if damaged is not None:
            data = bytearray(self.path.read_bytes())
            data[damaged * SLOT_BYTES + place] ^= 1
            self.path.write_bytes(data)
        self.keys = Keyslots.open(self.path, MASTER)

    @invariant()
    def every_row_opens_or_is_gone(self) -> None:
        for row, was in getattr(self, "rows", {}).items():
            if was is not None:
                assert key(self.keys, *row) == was

    @invariant()
    def no_destroyed_key_stands_in_the_file(self) -> None:
        if hasattr(self, "keys"):
            first, second = secrets(self.path)
            assert first == second
            assert not first & self.dead


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=6))
@settings(max_examples=20, deadline=None)
def test_destroyed_rows_have_no_key_after_a_restart(tmp_path_factory, spans):
    path = tmp_path_factory.mktemp("keys") / "keyslots"
    keys = Keyslots.create(path, MASTER, NOW)
    keys.add_consent("c1", "household")
    for first, length in spans:
        keys.erase_made(NOW + first, NOW + first + length)
    keys.close()
    again = Keyslots.open(path, MASTER)
    for minute in range(130):
        is_gone = any(first <= minute <= first + length for first, length in spans)
        assert (key(again, made=NOW + minute) is None) is is_gone
    again.close()


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
