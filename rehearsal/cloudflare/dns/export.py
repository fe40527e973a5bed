"""A zone as a BIND zone file, as Cloudflare exports it.

The form is that of exports by Cloudflare: records by type, a tab between the fields, the comment
and the tags behind a semicolon, `cf-proxied` as the last tag of what can be proxied. See
https://developers.cloudflare.com/dns/manage-dns-records/how-to/import-and-export/.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import cast

from rehearsal.cloudflare.shapes import Json

_TO_A_HOST = frozenset({"CNAME", "DNAME", "MX", "NS", "PTR", "SRV"})


def zone_file(zone: str, name_servers: Sequence[str], records: Sequence[Json], time: str) -> str:
    """Return the zone file. `time` is when it was exported, for its head."""
    head = [
        f";;\n;; Domain:     {zone}.\n;; Exported:   {time}\n;;",
        ";; SOA Record",
        f"{zone}\t3600\tIN\tSOA\t{name_servers[0]}. dns.cloudflare.com. 1 10000 2400 604800 3600",
        "",
        ";; NS Records",
        *(f"{zone}.\t86400\tIN\tNS\t{server}." for server in name_servers),
    ]
    return "\n".join([*head, *_by_type(records), ""])


def _by_type(records: Sequence[Json]) -> Iterator[str]:
    ordered = sorted(records, key=lambda record: (str(record["type"]), str(record["name"])))
    for kind, alike in groupby(ordered, key=lambda record: str(record["type"])):
        yield from ("", f";; {kind} Records", *map(_line, alike))


def _line(record: Json) -> str:
    kind, content = str(record["type"]), str(record["content"])
    if kind in _TO_A_HOST:
        content += "."
    elif kind == "TXT" and not content.startswith('"'):
        content = json.dumps(content, ensure_ascii=False)
    if kind in ("MX", "URI"):
        content = f"{record['priority']} {content}"
    line = f"{record['name']}.\t{record['ttl']}\tIN\t{kind}\t{content}"
    remarks = [str(record["comment"])] if record.get("comment") else []
    if tags := _tags(record):
        remarks.append(f"cf_tags={','.join(tags)}")
    return f"{line} ; {' '.join(remarks)}" if remarks else line


def _tags(record: Json) -> list[str]:
    tags = [*cast(list[str], record.get("tags") or [])]
    if record["proxiable"]:
        tags.append(f"cf-proxied:{'true' if record['proxied'] else 'false'}")
    return tags
