"""Where the master key of a store is looked for."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from perintis.doors.settings import Settings, read_settings
from perintis.doors.vault.keys import KeySource, new_key
from perintis.words.errors import BadInput


def key_source(settings: Settings, beside: Path | None = None) -> KeySource:
    """The source that the settings name, or the file in the home folder (or `beside` a store elsewhere)."""
    given = [name for name in ("key_file", "key", "key_command") if getattr(settings, name) is not None]
    if len(given) > 1:
        names = " and ".join(f"PERINTIS_{name.upper()}" for name in given)
        raise BadInput(f"{names} are both set; the master key comes from one place, so unset all but one")
    if settings.key is not None:
        return KeySource(text=settings.key.get_secret_value())
    if settings.key_command is not None:
        return KeySource(command=settings.key_command)
    if settings.key_file is not None:
        return KeySource(file=settings.key_file)
    return KeySource(file=beside or settings.own_key_file, may_make=True)


def key_source_of(url: str) -> KeySource:
    """The source for a store that is opened by its address alone: as the environment says, else a file beside it."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return KeySource()  # whoever opens the address says what is wrong with it
    if parsed.get_backend_name() != "sqlite":
        return key_source(read_settings())
    if parsed.database in (None, "", ":memory:"):
        return KeySource(text=new_key())
    return key_source(read_settings(), beside=Path(str(parsed.database)).parent / "master.key")
