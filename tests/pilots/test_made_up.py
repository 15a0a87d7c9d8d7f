"""Made-up applications: the same each time, with identity numbers that agree with the person, and marked as made up."""

from __future__ import annotations

import sys
from collections import Counter
from random import Random

import pytest
from faker import Faker

from perintis.faces.testing import made_up as people
from perintis.words.errors import BadInput
from perintis.words.identifiers import Sex, birth_date_in, looks_like_nik, sex_in
from pilots.fast_track.application import REQUIRED_DOCUMENTS
from pilots.fast_track.made_up import INCOMPLETE, OFFICES, WORKERS, made_up

MANY = 4_000


def test_a_nik_agrees_with_the_person() -> None:
    """Date of birth and sex can be read back from the number of everybody made up."""
    random = Random(1)
    for _ in range(MANY):
        person = people.resident(random)
        assert sex_in(person.nik) is person.sex
        assert birth_date_in(person.nik, not_after=people.LATEST_BIRTH) == person.date_of_birth
        assert int(person.nik[12:]) >= people.FIRST_MADE_UP_SERIAL


def test_names_go_with_the_sex() -> None:
    """First names come from Faker's list for that sex; some stand in both."""
    women, men, last = people._names("id_ID")
    random = Random(2)
    for _ in range(500):
        person = people.resident(random)
        assert person.full_name.startswith(women if person.sex is Sex.FEMALE else men)
        assert person.full_name.endswith(last)


def test_fakers_ssn_would_be_no_nik() -> None:
    """For Indonesia Faker gives numbers like those of the United States; that is why ours are composed."""
    fake = Faker("id_ID")
    fake.seed_instance(1)
    assert not any(looks_like_nik(fake.ssn()) for _ in range(200))


def test_the_same_seed_makes_the_same_applications() -> None:
    """Nothing comes from the clock, from Faker's own generator or from the order of a set."""

    def make(seed: int) -> list[str]:
        random = Random(seed)
        return [made_up(random, number).model_dump_json() for number in range(50)]

    assert make(7) == make(7)
    assert make(7) != make(8)


def test_everything_made_up_is_marked_so() -> None:
    """References begin with UJI, employers have Uji in their name."""
    random = Random(3)
    for number in range(200):
        of = made_up(random, number)
        assert of.reference == f"UJI-{number:06}"
        assert of.employer is None or " Uji " in of.employer


def test_shares_are_as_assumed() -> None:
    """Workers, incomplete files and offices occur about as often as the assumptions say (within 3 in 100)."""
    random = Random(4)
    made = [made_up(random, number) for number in range(MANY)]
    workers = sum(of.category == "worker" for of in made) / MANY
    incomplete = sum(set(of.documents) != set(REQUIRED_DOCUMENTS[of.category]) for of in made) / MANY
    assert workers == pytest.approx(WORKERS, abs=0.03)
    assert incomplete == pytest.approx(INCOMPLETE, abs=0.03)
    offices = Counter(of.office for of in made)
    assert {office: n / MANY for office, n in offices.items()} == pytest.approx(
        {office: share / 100 for office, share in OFFICES.items()}, abs=0.03
    )


def test_without_faker_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faker is an optional extra: only trials and rehearsals need it."""
    people._names.cache_clear()
    monkeypatch.setitem(sys.modules, "faker.providers.person.id_ID", None)
    with pytest.raises(BadInput, match=r"pip install 'perintis\[trial\]'"):
        people.resident(Random(1))
