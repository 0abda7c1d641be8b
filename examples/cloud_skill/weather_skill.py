"""The half of the weather skill that runs at home: what can be said, and what if nobody answers."""

from plugins.door.cloud import CloudSkill

weather = CloudSkill(
    name="weather",
    destination="weather",
    fallback="I can't reach the weather service right now.",
    sentences={
        "GetForecast": [
            "(what is|tell me|give me) the forecast [for {city}] [[for] {day}]",
            "what will the weather be [like] in {city} [[on] {day}]",
        ]
    },
    choices={
        "city": ["amsterdam", "berlin", "lisbon", "london", "madrid", "oslo", "paris", "rome"],
        "day": ["today", "tomorrow", "saturday", "sunday"],
    },
)
