"""The Cloudflare API and its edge on one machine: what a rehearsal deploys to and is served by.

`python -m rehearsal.cloudflare` runs both. Each product has a folder (`zones`, `dns`, `rulesets`,
`workers`, `kv`), with its part of the API; `api` is what they have in common. `edge` decides, per
request, between worker, origin and error page; `runtime` runs the uploaded scripts in workerd.
docs/decisions/0005-cloudflare-emulator.md says what is simplified.
"""
