"""How long a run still takes, in words."""

from __future__ import annotations

#: Seconds without which a pace is not known: the first iterations take longer than later ones.
SETTLED = 5.0


def time_left(seconds: float, done: int, total: int) -> list[str]:
    """``["about 4 minutes left"]``, or nothing where too little was done in these ``seconds`` to tell."""
    if seconds < SETTLED or not 0 < done < total:
        return []
    left = seconds / done * (total - done)
    if left < 60:
        return ["less than a minute left"]
    if left < 90 * 60:
        return [f"about {_count(left / 60, 'minute')} left"]
    return [f"about {_count(left / 3600, 'hour')} left"]


def _count(number: float, unit: str) -> str:
    whole = round(number)
    return f"{whole} {unit}" if whole == 1 else f"{whole} {unit}s"
