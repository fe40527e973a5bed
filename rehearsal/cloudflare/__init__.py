"""The Cloudflare API and its edge on one machine: what a rehearsal deploys to and is served by.

`python -m rehearsal.cloudflare` runs both. `api/` has one module per area of the API, each with its
own table of routes; `edge.py` decides, per request, between worker, origin and error page;
`workerd.py` runs the uploaded scripts in the real Workers runtime.
docs/decisions/0005-cloudflare-emulator.md says what is simplified.
"""
