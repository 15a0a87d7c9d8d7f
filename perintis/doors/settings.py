"""Settings: read once from the environment and `.env`, at the edge, and passed on."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from perintis.words.errors import BadInput


class Settings(BaseSettings):
    """Where Perintis keeps its things.

    `home` holds the SQLite store, baselines, exchanged files and Prefect's own home. `pilots` is the folder that has
    `pilots/`, `tasks/` and `flows/` in it. `key_file`, `key` or `key_command` (one of them) gives the master key of the
    personal data; else it is in `home`, where it is made on first use.
    """

    model_config = SettingsConfigDict(env_prefix="PERINTIS_", env_file=".env", extra="ignore", frozen=True)

    home: Path = Path(".perintis")
    database_url: str | None = Field(default=None, repr=False)
    pilots: Path = Path()
    key_file: Path | None = None
    key: SecretStr | None = None
    key_command: str | None = Field(default=None, repr=False)

    @property
    def store_url(self) -> str:
        """The address of the store: `database_url`, or an SQLite file in `home`."""
        if self.database_url:
            return self.database_url.replace("postgresql://", "postgresql+psycopg://", 1)
        return f"sqlite:///{(self.home / 'perintis.db').absolute()}"

    @property
    def own_key_file(self) -> Path:
        """Where the master key is if nothing else was said."""
        return self.home / "master.key"

    @property
    def anchors(self) -> Path:
        """The folder of the files that prove from outside the store that no history was rewritten."""
        return self.home / "anchors"

    @property
    def exchange_folder(self) -> Path:
        """Where messages to and from agencies without a connector of their own are left as files."""
        return self.home / "exchange"

    @property
    def prefect_home(self) -> Path:
        """Prefect's own folder."""
        return self.home / "prefect"

    def make_home(self) -> Path:
        """Create the home folder, readable by its owner only; raises BadInput where that cannot be."""
        try:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.chmod(self.home, 0o700)
        except OSError as error:
            told = f"{self.home.absolute()} cannot be the folder of Perintis ({error.strerror})"
            raise BadInput(f"{told}; set PERINTIS_HOME to a folder of your own") from None
        return self.home


def read_settings() -> Settings:
    """The settings of this process; raises BadInput, naming the variable, where one is not valid."""
    try:
        return Settings()
    except ValidationError as error:
        names = ", ".join(f"PERINTIS_{str(e['loc'][0]).upper()}" for e in error.errors(include_input=False))
        raise BadInput(f"the setting {names} is not valid; correct it in the environment or in .env") from None
