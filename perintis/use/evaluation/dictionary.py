"""The text that lies in every replication bundle: what its files and columns are."""

DICTIONARY = """# Replication bundle

Everything that one evaluation was computed from, and what came out. To compute it again:

    perintis evaluate --replay BUNDLE.zip

| file | what it is |
|---|---|
| `evaluation.json` | the result: verdict, gates, all figures, versions and hashes |
| `plan.json` | the plan in the canonical form whose SHA-256 was registered |
| `request.json` | pilot, phase, registration and amendments, earlier looks, seed, program version |
| `calendars.json` | office hours and days off by which working time is counted, every day off written out |
| `baseline/`, `pilot/` | the two cohorts before the plan's population is applied, with a hash of their content |
| `designed/` | a rehearsal of the new process, from which the designed order of steps is read (if there is one) |
| `satisfaction.parquet` | answers to the nine questions, by cohort and case (if there are any) |

`cases.parquet`, one row a case: `case` identifier, `cohort`, `office`, `opened` and `closed` (UTC; `closed` is empty
while open), `opened_offset` (minutes from UTC), `due`, `outcome`, and `case:NAME` for each fact used for grouping.

`steps.parquet`, one row a step visit: `case`, `step`, `visit` (nth time in the case), `agency`, `office`, `officer` (a
number that stands for a person), `ready`, `started`, `completed` (UTC), `offset`, `outcome`, `due`, `cost`, `keyed`
(fields typed by hand).

`dataset.json`: name, grade, what starts and stops the clock, until when it was observed, SHA-256 of the content.

Small numbers are in here, exact: the bundle and evaluation.json are the evaluators' working files. Only report.html is
made to be passed on; it leaves out numbers of cases and people below five.

Names, identity numbers and the content of applications are not in the bundle.
"""
