"""The languages of the report.

What is written on a page is English in the code, and English is the key: `LANGUAGE.po` in this folder, the format that
translators' programs read and write (Poedit, Weblate), says the same in the other language. An entry without context
is a word or sentence of the page. An entry with context belongs to a message of an evaluation: the context is its
code, and its text is the English sentence with names for what varies, so that a sentence of an old evaluation can be
read too. `en.po` has the same entries; a few are said differently there for readers. `s` in brackets may be missing.
What has no translation stays English and is marked as such.
"""
