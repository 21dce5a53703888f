"""Dates as in "7. Sept. 2026, 14:05"."""

DATE_FORMAT = "j. N Y"
DATETIME_FORMAT = "j. N Y, H:i"
SHORT_DATE_FORMAT = "j. N"
TIME_FORMAT = "H:i"
