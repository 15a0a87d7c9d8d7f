"""What the name of a column says of its meaning, in English and Indonesian; and which columns may identify a person."""

from __future__ import annotations

import re

PHRASES: dict[str, tuple[str, ...]] = {
    "case": (
        "case concept name", "case id", "case number", "case", "application number", "application id", "permit number",
        "permit", "reference number", "reference", "file number", "request id", "tracking number", "ticket",
        "nomor permohonan", "no permohonan", "nomor berkas", "no berkas", "nomor registrasi", "no registrasi",
        "nomor pendaftaran", "no pendaftaran", "nomor aplikasi", "id permohonan", "kode permohonan", "id kasus",
        "permohonan", "nomor",
    ),
    "activity": (
        "concept name", "activity", "step", "task", "action", "event", "stage", "aktivitas", "kegiatan", "tahapan",
        "tahap", "langkah", "proses",
    ),
    "start": (
        "start timestamp", "start time", "started at", "started", "start", "begun", "began", "begin", "waktu mulai",
        "tanggal mulai", "tgl mulai", "jam mulai", "mulai",
    ),
    "timestamp": (
        "time timestamp", "timestamp", "complete time", "completed at", "completed", "complete", "end time", "ended",
        "end", "finished at", "finished", "done", "event time", "waktu selesai", "tanggal selesai", "tgl selesai",
        "jam selesai", "tanggal proses", "waktu", "selesai", "tanggal", "tgl", "datetime", "date",
    ),
    "opened": (
        "opened", "received date", "date received", "received", "submitted", "submission date", "application date",
        "filed", "intake date", "registered", "created", "tanggal masuk", "tgl masuk", "tanggal permohonan",
        "tgl permohonan", "tanggal pengajuan", "tgl pengajuan", "tanggal pendaftaran", "tanggal daftar",
        "tanggal diterima", "tanggal terima", "masuk",
    ),
    "closed": (
        "closed", "decision date", "date decided", "decided", "issue date", "issued", "completed", "finished",
        "end date", "tanggal selesai", "tgl selesai", "tanggal terbit", "tgl terbit", "tanggal keputusan",
        "tanggal putusan", "tanggal ditutup", "selesai", "terbit",
    ),
    "due": ("due date", "due", "deadline", "batas waktu", "jatuh tempo", "tenggat"),
    "agency": (
        "org group", "agency", "department", "organisation", "organization", "ministry", "instansi", "dinas",
        "lembaga", "kementerian", "satuan kerja", "satker", "opd", "skpd", "badan",
    ),
    "office": ("office", "branch", "location", "counter", "kantor", "cabang", "loket", "kanim", "upt"),
    "officer": (
        "org resource", "officer", "resource", "employee", "handled by", "staff", "clerk", "user", "petugas",
        "pegawai", "pejabat", "verifikator", "operator", "nip",
    ),
    "cost": ("cost total", "cost", "fee", "amount", "price", "biaya", "tarif", "retribusi", "pnbp"),
    "outcome": (
        "outcome", "status akhir", "status permohonan", "final status", "status", "result", "decision", "hasil",
        "keputusan",
    ),
    "lifecycle": ("lifecycle transition", "lifecycle", "transition"),
}  # fmt: skip
PERSONAL = (
    "name", "nama", "nik", "ktp", "passport", "paspor", "phone", "telepon", "telp", "hp", "email", "address", "alamat",
    "birth", "lahir", "npwp", "observer", "applicant", "pemohon", "person", "client", "customer", "citizen", "warga",
    "sponsor", "patient", "pasien", "mother", "father", "ibu", "ayah", "nib", "signature", "note", "notes", "remarks",
    "catatan", "keterangan",
)  # fmt: skip
EXACT, WITHIN = 2.0, 1.0
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def words_of(column: str) -> str:
    """A name as lower-case words: `noPermohonan`, `no_permohonan` and `No. Permohonan` are "no permohonan"."""
    return " ".join(WORD.findall(column)).lower()


def name_score(column: str, role: str) -> float:
    """How well the name of a column fits a role: 2 where it is one of its names, up to 1 where it holds one, else 0.

    Of names that hold one, those that say little else score higher; of exact ones, those listed first.
    """
    words = words_of(column)
    phrases = PHRASES[role]
    if words in phrases:
        return EXACT - phrases.index(words) / 1000
    held = [phrase for phrase in phrases if f" {phrase} " in f" {words} "]
    return max((WITHIN * len(phrase) / len(words) for phrase in held), default=0.0)


def may_identify(column: str) -> bool:
    """Whether the name of a column says that it may identify a person."""
    return any(f" {word} " in f" {words_of(column)} " for word in PERSONAL)
