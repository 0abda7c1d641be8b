"""The intents that may be named: those that Sotto ships, and those that the owner's settings list.

The door knows them by itself. A name that is none of them is shown as `other`, so that a core that
was taken over can't say anything through a name.
"""

from __future__ import annotations

from collections.abc import Iterable

OTHER = "other"
SHIPPED = frozenset(
    """
    Calculate CancelAlarm ConvertUnits DateOf DayOf DaysUntil ForgetThat HassBroadcast
    HassCancelAllTimers HassCancelTimer HassClimateGetTemperature HassClimateSetFanMode
    HassClimateSetTemperature HassDecreaseTimer HassFanSetSpeed HassGetCurrentDate
    HassGetCurrentTime HassGetState HassGetWeather HassIncreaseTimer HassLawnMowerDock
    HassLawnMowerStartMowing HassLightSet HassListAddItem HassListCompleteItem HassListRemoveItem
    HassMediaNext HassMediaPause HassMediaPlayerMute HassMediaPlayerUnmute HassMediaPrevious
    HassMediaSearchAndPlay HassMediaUnpause HassNevermind HassPauseTimer HassRespond
    HassSetPosition HassSetVolume HassSetVolumeRelative HassShoppingListAddItem
    HassShoppingListCompleteItem HassStartTimer HassTimerStatus HassTurnOff HassTurnOn
    HassUnpauseTimer HassVacuumCleanArea HassVacuumReturnToBase HassVacuumStart ListAlarms
    ListItems SetAlarm SnoozeAlarm SpeakVolume StopListening StopRinging TellToday
    """.split()
)


class IntentNames:
    """Which names may be shown."""

    def __init__(self, own: Iterable[str] = ()) -> None:
        """`own`: those that the settings list."""
        self._known = SHIPPED | frozenset(own)

    def shown(self, name: str | None) -> str | None:
        """The name, or `other`; None stays."""
        return name if name is None or name in self._known else OTHER
