"""The page of verdicts: what the slides claim, and what the lectures found; and what
they found printed wrongly elsewhere.

Each lecture that tests a claim has a module `claims`, whose functions compute a verdict
with what the lecture's own cells use. The claims are data: `slides_claims.csv`.

| module | duty |
|---|---|
| `kinds` | what a verdict, a slip and their parts are |
| `gathered` | all claims, verdicts and slips, in the book's order |
| `page` | the page, in Markdown |
"""
