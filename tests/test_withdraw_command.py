"""`sotto policy consent withdraw`, while nothing runs."""

from __future__ import annotations

import json
from pathlib import Path

from assistant.keeping import Keeper
from tests.cli import here
from tests.test_keeping import DONE, HEARD, MEANT, SAID, kept, opened


def test_withdrawing_a_consent_destroys_its_key_at_once(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    with opened(state) as (store, agreed):
        Keeper(agreed, store).keep(SAID, HEARD, MEANT, DONE)
        assert store.vault.keyslots.has_consent("words")
    settings = tmp_path / "settings.yaml"
    settings.write_text(f"policies: {{files: [{tmp_path / 'policy.yaml'}]}}\n")
    common = ("--config", str(settings), "--state", str(state))
    ran = here("policy", "consent", "withdraw", "words", "--by", "ada", *common)
    assert ran.status == 0, ran.err
    with opened(state) as (store, _):
        assert not store.vault.keyslots.has_consent("words")
        assert kept(store, "transcript") == []
        assert len(kept(store, "intent")) == 1
    told = here("keys", "status", "--json", *common)
    assert json.loads(told.out)["consents"] == 2
