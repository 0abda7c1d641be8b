"""Would place a call: it may read the name of the person, if your policy agrees."""

from assistant import Intent, Reply, Skill

phone = Skill(
    name="phone",
    sentences={
        "PlaceCall": ["(call|phone|ring) {person} [on the {line}]"],
        "EndCall": ["(hang up|end the call)"],
    },
    choices={
        "person": ["grandma", "the neighbors", "the plumber"],
        "line": ["landline", "cell phone"],
    },
    opens={"person": "to find the number in your contacts"},
    storage=64_000,
    timeout=4.0,
)


@phone.on("PlaceCall")
async def place_call(intent: Intent) -> Reply:
    """Call after asking back, by name if that may be read; else by the placeholder."""
    whom = intent.opened("person") or intent.text("person")
    answer = await intent.ask(f"Shall I call {whom}?", expect=["yes", "no"], seconds=8)
    if answer != "yes":
        return Reply("Then I don't call.")
    line = intent.text("line") or "landline"
    return Reply(f"I would call {whom} on the {line}, but I have no phone.")


@phone.on("EndCall")
async def end_call(intent: Intent) -> Reply:
    """End what never began."""
    return Reply("There is no call.")
