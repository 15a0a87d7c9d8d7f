"""Where the master key comes from, and what is said where it does not."""

from __future__ import annotations

import hmac
import shlex
import stat
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from perintis.doors.settings import Settings
from perintis.doors.vault import keys
from perintis.doors.vault.keys import KeyMissing, KeySource, derive, master_key, new_key
from perintis.doors.vault.sources import key_source
from perintis.words.errors import BadInput, PerintisError

KEY, OTHER = "00" * 32, "11" * 32


def test_a_key_wraps_and_unwraps_for_what_it_is_about() -> None:
    """Another key, another owner or a changed letter: not opened."""
    key, other = master_key(bytes(32)), master_key(b"1" * 32)
    wrapped = key.wrap(b"secret", "store/7")
    assert key.unwrap(wrapped, "store/7") == b"secret"
    for opener, sealed, about in (
        (other, wrapped, "store/7"),
        (key, wrapped, "store/8"),
        (key, "A" + wrapped[1:], "store/7"),
    ):
        with pytest.raises(PerintisError, match="changed or moved"):
            opener.unwrap(sealed, about)


def test_derived_keys_are_those_of_rfc_5869() -> None:
    """HKDF with SHA-256, no salt: known answer of an independent implementation (HMAC by hand)."""

    extracted = hmac.digest(bytes(32), b"k" * 32, "sha256")
    assert derive(b"k" * 32, "purpose") == hmac.digest(extracted, b"purpose\x01", "sha256")


@pytest.mark.parametrize(
    "settings",
    [
        {"key": SecretStr(KEY)},
        {"key_command": shlex.join([sys.executable, "-c", f"print('{KEY}')"])},
        {"key_file": "k"},
    ],
    ids=["variable", "command", "file"],
)  # fmt: skip
def test_three_places_for_a_key(settings: dict[str, object], tmp_path: Path) -> None:
    """An environment variable, a command that prints it, a file: the same key."""
    (tmp_path / "k").write_text(KEY)
    if "key_file" in settings:
        settings = {"key_file": tmp_path / "k"}
    nothing = {"key": None, "key_file": None, "key_command": None}
    source = key_source(Settings(home=tmp_path, **{**nothing, **settings}))  # type: ignore[arg-type]
    assert source.read().current.id == master_key(bytes(32)).id


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (KeySource(text="short"), "PERINTIS_KEY is not a master key"),
        (KeySource(text=" "), "no master key in PERINTIS_KEY"),
        (KeySource(file=Path("/nonexistent/key")), "the master key is missing: /nonexistent/key"),
        (KeySource(command="false"), "ended with status 1"),
        (KeySource(command="/nonexistent"), "could not be run"),
        (KeySource(), "there is no master key"),
        (KeySource(text="00" * 31), "PERINTIS_KEY is not a master key"),
        (KeySource(command="echo short"), "what PERINTIS_KEY_COMMAND prints is not a master key"),
        (KeySource(command="true"), "no master key in what PERINTIS_KEY_COMMAND prints"),
        (KeySource(command="'"), "could not be run"),
        (KeySource(command="printf '\\377'"), "could not be run"),
    ],
)
def test_without_a_key_one_sentence_says_so(source: KeySource, message: str) -> None:
    """And it never holds what was given."""
    with pytest.raises(BadInput, match=message) as caught:
        source.read()
    assert "short" not in str(caught.value)


def test_two_places_at_once_are_refused(tmp_path: Path) -> None:
    """Nobody could say which key was used."""
    with pytest.raises(BadInput, match="PERINTIS_KEY_FILE and PERINTIS_KEY are both set"):
        key_source(Settings(home=tmp_path, key=SecretStr(KEY), key_file=tmp_path / "k"))


def test_the_key_of_another_store_is_named_by_its_id() -> None:
    """Neither key is shown."""
    with pytest.raises(KeyMissing, match=r"sealed with key [0-9a-f]{8}, and the key given is [0-9a-f]{8}") as caught:
        KeySource(text=KEY).read().find(master_key(bytes.fromhex(OTHER)).id)
    assert KEY not in str(caught.value)
    assert OTHER not in str(caught.value)


def test_a_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    """Two programs that make one at the same time end with the same."""
    source = KeySource(file=tmp_path / "home" / "master.key", may_make=True)
    first, second = source.make(), source.make()
    assert first.current.id == second.current.id
    assert source.file is not None
    assert stat.S_IMODE(source.file.stat().st_mode) == 0o600
    assert [path.name for path in source.file.parent.iterdir()] == ["master.key"]


def test_a_source_does_not_show_its_key() -> None:
    """Not even in a traceback with values."""
    key = new_key()
    assert key not in repr(KeySource(text=key))
    assert key not in repr(KeySource(text=key).read())
    assert key not in repr(Settings(key=SecretStr(key)))


def test_a_command_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time one sentence says so."""
    monkeypatch.setattr(keys, "_COMMAND_SECONDS", 0.2)
    with pytest.raises(KeyMissing, match=r"PERINTIS_KEY_COMMAND could not be run \(TimeoutExpired\)"):
        KeySource(command="sleep 20").read()
