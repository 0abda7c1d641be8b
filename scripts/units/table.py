"""What each unit is declared to allow, for every attempt of inside.py; all else is refused."""

from __future__ import annotations

ALLOWED: dict[str, frozenset[str]] = {
    "core": frozenset(
        {
            *("write_its_own_state", "see_the_state_of_the_core", "read_the_configuration"),
            *("see_sound_devices", "run_python", "lock_secret_memory", "reach_the_door"),
            "have_the_house_switched",
            *("reach_the_lamps", "read_the_metrics", "write_where_lamps_connect"),
            # Whisper's library makes code as it runs
            "have_memory_that_is_written_and_executed",
            *("hear_with_the_grammar", "hear_with_whisper"),
        }
    ),
    "door": frozenset(
        {
            *("write_its_own_state", "see_the_state_of_the_door", "read_the_configuration"),
            *("open_internet_socket", "open_internet_6_socket", "reach_what_listens_on_loopback"),
            *("see_a_network_interface", "run_python", "ask_the_user_database"),
        }
    ),
    "wyoming": frozenset(
        {
            *("write_its_own_state", "read_the_configuration", "run_python"),
            *("ask_the_user_database", "be_told_the_names_of_the_house"),
            *("open_internet_socket", "open_internet_6_socket", "reach_what_listens_on_loopback"),
            *("open_netlink_socket", "see_a_network_interface", "lock_secret_memory"),
            "have_memory_that_is_written_and_executed",
            *("hear_with_the_grammar", "hear_with_whisper"),
        }
    ),
}
NOT_ITS_OWN = {
    "door": frozenset({"find_freed_words_in_memory", "lock_secret_memory"}),
}
"""What is not asked of a unit: no speech lives in the door."""
SKILL = {
    "sum": "done: 45",
    "write": "done: its own directory",
    "read": "refused",
    "network": "refused",
    "process": "refused",
    "thread": "refused",
    "debug": "refused",
}
"""What a skill's process may do within the core's unit."""
