"""Agencies of the Republic of Indonesia and their office hours.

Five working days, Monday to Friday, with 60 minutes of break and 90 on Fridays, follow Perpres 21/2023 on working days
and hours of government. It has 37.5 working hours a week, from 07:30 local time, and 32.5 in Ramadan; each office sets
its own hours within that. Counters open from 08:00 to 16:00 western time (WIB), 34.5 hours a week and the same in
Ramadan, are an assumption of ours.
National holidays and collective leave (cuti bersama) are days off. Systems that answer by themselves do so at any
hour; service levels are still counted in these hours.
"""

from __future__ import annotations

from datetime import time

from perintis import Agency, Calendar
from perintis.words.agency import Hours

_DAY = Hours(time(8), time(16), time(12), time(13))
_FRIDAY = Hours(time(8), time(16), time(11, 30), time(13))

WIB_OFFICE = Calendar(timezone="Asia/Jakarta", hours={0: _DAY, 1: _DAY, 2: _DAY, 3: _DAY, 4: _FRIDAY}, country="ID")

IMIGRASI = Agency("imigrasi", "Directorate General of Immigration", WIB_OFFICE)
DUKCAPIL = Agency("dukcapil", "Civil Registry (Dukcapil)", WIB_OFFICE)
KEMENKES = Agency("kemenkes", "Ministry of Health", WIB_OFFICE)
POLRI = Agency("polri", "National Police", WIB_OFFICE)
KEMNAKER = Agency("kemnaker", "Ministry of Manpower", WIB_OFFICE)
KEMENKEU = Agency("kemenkeu", "Ministry of Finance, Treasury", WIB_OFFICE)
