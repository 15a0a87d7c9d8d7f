"""What an agreement says in the same words each time, in Indonesian and in English: the frame around its data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from perintis.rules.agreement.parts import place_of
from perintis.rules.agreement.wording import Language, length_words

BLANK = "." * 24

_MONTHS = {
    Language.INDONESIAN: ("Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September",
                          "Oktober", "November", "Desember"),
    Language.ENGLISH: ("January", "February", "March", "April", "May", "June", "July", "August", "September",
                       "October", "November", "December"),
}  # fmt: skip
_ORDINALS = {
    Language.INDONESIAN: ("KESATU", "KEDUA", "KETIGA", "KEEMPAT", "KELIMA", "KEENAM", "KETUJUH", "KEDELAPAN",
                          "KESEMBILAN", "KESEPULUH"),
    Language.ENGLISH: ("FIRST", "SECOND", "THIRD", "FOURTH", "FIFTH", "SIXTH", "SEVENTH", "EIGHTH", "NINTH", "TENTH"),
}  # fmt: skip
_UNITS = ("nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan", "sepuluh", "sebelas")


@dataclass(frozen=True)
class Phrases:
    """The fixed words of one language; marks in braces are filled in."""

    language: Language
    kind: str
    about: str
    number: str
    version: str
    between: str
    draft: str
    preamble: str
    signs_for: str
    together: str
    considering: str
    agree: str
    article: str
    disclosure: str
    service_levels: str
    keeping: str
    kept: str
    kept_extract: str
    duration: str
    discloses: str
    last_but_one: str
    legal_basis: str
    retention: str
    in_force: str
    promise: str
    from_until: str
    finish: str
    stop: str
    replaces: str
    closing: str
    annex: str
    annex_headings: tuple[str, ...]
    kinds: Mapping[str, str]
    signature_headings: tuple[str, ...]

    def day(self, day: date) -> str:
        """A day in words: `1 Januari 2026`."""
        return f"{day.day} {_MONTHS[self.language][day.month - 1]} {day.year}"

    def party(self, place: int) -> str:
        """What the party at this place (from 0) is called in the text: `PIHAK KESATU`, `FIRST PARTY`."""
        known = _ORDINALS[self.language]
        if self.language is Language.INDONESIAN:
            return f"PIHAK {known[place] if place < len(known) else f'KE-{place + 1}'}"
        return f"{known[place]} PARTY" if place < len(known) else f"PARTY NO. {place + 1}"

    def place(self, article: str) -> str:
        """`art. 3(1)` as people write it: `Pasal 3 ayat (1)`, `Article 3(1)`."""
        number, paragraph = place_of(article)
        if not paragraph:
            return f"{self.article} {number}"
        ayat = " ayat " if self.language is Language.INDONESIAN else ""
        return f"{self.article} {number}{ayat}({paragraph})"

    def places(self, articles: Sequence[str]) -> str:
        """Several places, those in one article together: `Pasal 3 ayat (1), ayat (5)`, `Article 3(1), (5)`."""
        told: list[str] = []
        before = 0
        for article, where in sorted((place_of(article), self.place(article)) for article in articles):
            same = article.article == before and article.paragraph
            told.append(where.partition(f"{self.article} {before}")[2].strip() if same else where)
            before = article.article
        return ", ".join(told)

    def counted(self, number: int) -> str:
        """A number as contracts write it: `6 (enam)` in Indonesian."""
        return f"{number} ({in_words(number)})" if self.language is Language.INDONESIAN else str(number)

    def length(self, text: str) -> str:
        """A length of time with its number in words."""
        words = length_words(text, self.language)
        number, _, unit = words.partition(" ")
        return f"{self.counted(int(number))} {unit}" if number.isdecimal() else words


def in_words(number: int) -> str:
    """A whole number below a thousand in Indonesian words; larger ones stay in digits."""
    if number < len(_UNITS):
        return _UNITS[number]
    if number < 20:
        return f"{_UNITS[number - 10]} belas"
    if number < 100:
        return f"{_UNITS[number // 10]} puluh" + (f" {_UNITS[number % 10]}" if number % 10 else "")
    if number < 1_000:
        hundreds = "seratus" if number < 200 else f"{_UNITS[number // 100]} ratus"
        return hundreds + (f" {in_words(number % 100)}" if number % 100 else "")
    return str(number)


_INDONESIAN = Phrases(
    language=Language.INDONESIAN,
    kind="PERJANJIAN KERJA SAMA",
    about="TENTANG",
    number="NOMOR: {number}",
    version="VERSI {version}",
    between="ANTARA",
    draft="RANCANGAN. Naskah ini belum ditandatangani dan belum mengikat siapa pun.",
    preamble="Pada hari ini, {day}, bertempat di {blank}, kami yang bertanda tangan di bawah ini:",
    signs_for="{name}, {office}, dalam jabatannya bertindak untuk dan atas nama {agency}{address}, selanjutnya disebut "
    "**{party}**",
    together="{first} sampai dengan {last} secara bersama-sama disebut **PARA PIHAK** dan masing-masing disebut "
    "**PIHAK**.",
    considering="PARA PIHAK terlebih dahulu memperhatikan:",
    agree="Berdasarkan hal-hal tersebut, PARA PIHAK sepakat mengadakan Perjanjian Kerja Sama tentang {title}, dengan "
    "ketentuan sebagai berikut:",
    article="Pasal",
    disclosure="Pengungkapan Data",
    service_levels="Janji Layanan",
    keeping="Penyimpanan Data Pribadi",
    kept="Data pribadi suatu permohonan disimpan untuk {purpose} selama {after} sejak permohonan ditutup. "
    "Setelah semua jangka waktu penyimpanan berakhir, data itu dihapus.",
    kept_extract="Berkas kutipan data yang diserahkan disimpan untuk {purpose} selama {after} sejak penanganannya "
    "selesai, lalu dimusnahkan.",
    duration="Jangka Waktu",
    discloses="{giver} ({giver_name}) mengungkapkan data berikut kepada {receiver} ({receiver_name}) untuk {purpose}:",
    last_but_one="; dan",
    legal_basis="Dasar hukum: {text}.",
    retention="Penyimpanan oleh penerima: {text}.",
    in_force="Ayat ini berlaku sejak tanggal {start} sampai dengan tanggal {end}.",
    promise="{party} ({name}) {promises} paling lambat {within}.",
    from_until="Perjanjian Kerja Sama ini berlaku sejak tanggal {start} sampai dengan tanggal {end}.",
    finish="Permohonan yang dibuka sebelum Perjanjian Kerja Sama ini berakhir diselesaikan sampai dengan diputuskan, "
    "dan ketentuan pengungkapan data tetap berlaku baginya; sesudah tanggal berakhirnya tidak ada permohonan baru "
    "yang dibuka.",
    stop="Sesudah Perjanjian Kerja Sama ini berakhir tidak ada permohonan baru yang dibuka, dan tidak ada lagi data "
    "yang diungkapkan, termasuk untuk permohonan yang masih berjalan.",
    replaces="Perjanjian Kerja Sama ini menggantikan Perjanjian Kerja Sama Nomor {number} versi {version}.",
    closing="Demikian Perjanjian Kerja Sama ini dibuat dalam rangkap {copies}, masing-masing bermeterai cukup dan "
    "mempunyai kekuatan hukum yang sama, dan berlaku setelah ditandatangani oleh PARA PIHAK.",
    annex="LAMPIRAN: DATA YANG DIUNGKAPKAN",
    annex_headings=("No.", "Data", "Nama dalam sistem", "Golongan", "Diungkapkan menurut"),
    kinds={
        "general": "data pribadi umum",
        "specific": "data pribadi spesifik",
        "not_personal": "bukan data pribadi",
    },
    signature_headings=("Pihak", "Untuk dan atas nama", "Jabatan", "Nama", "Tanggal", "Tanda tangan"),
)  # fmt: skip
_ENGLISH = Phrases(
    language=Language.ENGLISH,
    kind="COOPERATION AGREEMENT",
    about="ON",
    number="NUMBER: {number}",
    version="VERSION {version}",
    between="BETWEEN",
    draft="DRAFT. This text has not been signed and binds nobody yet.",
    preamble="Today, {day}, at {blank}, the undersigned:",
    signs_for="{name}, {office}, acting for and on behalf of the {agency}{address}, hereinafter the **{party}**",
    together="The {first} to the {last} are together called **the PARTIES**, and each of them a Party.",
    considering="The PARTIES have regard to:",
    agree="On this ground the PARTIES conclude this Cooperation Agreement on {title}, as follows:",
    article="Article",
    disclosure="Disclosure of Data",
    service_levels="Service Levels",
    keeping="Retention of Personal Data",
    kept="The personal data of an application are kept to {purpose} for {after} after it was closed. "
    "Once all periods of retention have ended they are erased.",
    kept_extract="The file of an extract that was delivered is kept to {purpose} for {after} after its case was "
    "closed, and then destroyed.",
    duration="Duration",
    discloses="The {giver} ({giver_name}) discloses the following data to the {receiver} ({receiver_name}) to "
    "{purpose}:",
    last_but_one="; and",
    legal_basis="Legal basis: {text}.",
    retention="Kept by the receiver: {text}.",
    in_force="This paragraph is in force from {start} until {end}.",
    promise="The {party} ({name}) shall {promises} within {within}.",
    from_until="This agreement is in force from {start} until {end}.",
    finish="Applications opened before this agreement ends are completed up to their decision, and the terms on "
    "disclosure go on for them; after its last day no new application is opened.",
    stop="After this agreement has ended no new application is opened and no data are disclosed any more, those of "
    "open applications included.",
    replaces="This agreement replaces agreement {number} version {version}.",
    closing="Done in {copies} originals of equal force; in force once the PARTIES have signed.",
    annex="ANNEX: DATA DISCLOSED",
    annex_headings=("No.", "Data", "Name in the system", "Class", "Disclosed under"),
    kinds={"general": "personal data, general", "specific": "personal data, specific", "not_personal": "not personal"},
    signature_headings=("Party", "For and on behalf of", "Office", "Name", "Date", "Signature"),
)  # fmt: skip

PHRASES = {Language.INDONESIAN: _INDONESIAN, Language.ENGLISH: _ENGLISH}
