"""The command `serlo adopt`."""

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from infra.recorder import Registration
from operations.adopt.findings import Findings, adoptable, label_of
from operations.adopt.importing import ImportFile, import_file
from operations.adopt.objects import Objects, look_at_objects
from operations.adopt.take_over import take_fields_over
from operations.adopt.zone import look_at_zone
from operations.errors import FOUND, CommandError, reports_errors
from operations.platform.access import ClusterAccess, find_place
from operations.support.cloudflare import CloudflareApi
from operations.support.output import page, print_text, working
from rehearsal.files import write_private

_KEY = "gcpkms://projects/<project>/locations/<location>/keyRings/<ring>/cryptoKeys/<stack>"


@reports_errors
def adopt(
    *,
    stack: str,
    file: Path | None = None,
    rehearsal: Path | None = None,
    take_over: bool = False,
    manager: Sequence[str] = (),
) -> None:
    """Write the import file for everything declared that exists already, and say what comes next.

    Reads the cluster, Cloudflare and Pulumi's state; writes nothing but the file. Exit code 2 if
    something has the place of a declared resource and cannot become it. docs/guides/adopt.md
    has the whole procedure.

    Parameters
    ----------
    stack
        local, staging or production.
    file
        Where to write; adopt-STACK.json by default.
    rehearsal
        The folder of a rehearsal to look at, instead of the real platform.
    take_over
        After the import: give Pulumi the fields that kubectl, Terraform or Helm have set. Changes
        who owns fields, not one value.
    manager
        The beginning of a further field manager's name whose fields are taken over too, beside
        those of kubectl, Terraform and Helm; the same with and without --take-over.
    """
    place = find_place(stack, rehearsal)
    if take_over:
        with working("taking fields over"):
            said = take_fields_over(place, tuple(manager))
        print_text(said)
        return
    target = file or Path(f"adopt-{place.environment.name}.json")
    with working("looking at state, cluster and zone"):
        state = place.state()
        registrations = place.registrations()
        findings = _look(place, adoptable(registrations, state or {}), tuple(manager))
    written = import_file(findings.found, registrations, state or {})
    if findings.found:
        write_private(target, written.text)
    wanted = len(adoptable(registrations, state or {}))
    print_text("\n".join(_told(place, findings, wanted, len(state or {}))))
    if findings.found:
        again = ["--take-over", *(word for name in manager for word in ("--manager", name))]
        shown = page()
        for line in _next(place, target, written, again, is_new=state is None):
            command = line.removeprefix("  ")
            shown.text(line) if command == line else shown.command(command)
        shown.show()
    if findings.in_the_way:
        raise SystemExit(FOUND)


def _look(place: ClusterAccess, entries: Sequence[Registration], more: tuple[str, ...]) -> Findings:
    """Look at cluster and zone; report the problems of both at once."""
    findings = Findings()
    problems: list[str] = []
    try:
        findings.add(look_at_objects(Objects(place.environment), entries, more))
    except CommandError as error:
        problems.append(str(error))
    try:
        with CloudflareApi(place.environment.cloudflare.base_url, place.token()) as zone:
            findings.add(look_at_zone(zone, entries))
    except CommandError as error:
        problems.append(str(error))
    if problems:
        raise CommandError("\n".join(problems))
    return findings


def _told(place: ClusterAccess, findings: Findings, wanted: int, known: int) -> Iterator[str]:
    name = place.environment.name
    missing = wanted - len(findings.found) - len({one.label for one in findings.in_the_way})
    counts = Counter(one.registration.type.rpartition(":")[2] for one in findings.found)
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
    yield f"{name}: {len(findings.found)} declared resources exist and can be adopted."
    if kinds:
        yield f"  {kinds}"
    yield f"{max(missing, 0)} do not exist: `pulumi up` creates them."
    if known:
        yield f"{known} are in the stack already."
    if differing := [one for one in findings.found if one.differs]:
        yield "\nAdopted, and led elsewhere by the first update:"
        yield from (f"- {label_of(one.registration)} {one.differs}" for one in differing)
    if findings.undeclared:
        yield "\nNot declared, so they stay as they are, and may take requests from what is:"
        yield from (f"- {text}" for text in findings.undeclared)
    if findings.managers:
        yield "\nFields set by these stay theirs, unless you name them with --manager:"
        yield from (f"- {name}, in {count}" for name, count in sorted(findings.managers.items()))
    if findings.in_the_way:
        yield "\nIn the way, NOT adopted:"
        yield from (f"- {one.label} {one.reason}.\n  {one.remedy}" for one in findings.in_the_way)


def _next(
    place: ClusterAccess, target: Path, written: ImportFile, again: list[str], *, is_new: bool
) -> Iterator[str]:
    again = ["serlo", "adopt", "--stack", place.environment.name, *again]
    yield ""
    yield f"Written: {target}. Next, in this order:"
    if place.rehearsal is not None:
        again += ["--rehearsal", str(place.rehearsal)]
        yield f'  eval "$(serlo env --folder {shlex.quote(str(place.rehearsal))})"'
    if is_new:
        # A rehearsal has its passphrase; a real stack has a key (docs/guides/deploy.md).
        key = "" if place.rehearsal is not None else f" --secrets-provider '{_KEY}'"
        yield f"  pulumi stack init organization/serlo/{place.environment.name}{key}"
    if written.first:
        # Providers cannot be imported; this also makes the cluster prove who it is.
        targets = [word for urn in written.first for word in ("--target", urn)]
        yield f"  {place.command('up', *targets)}"
    arguments = ("import", "--file", str(target.resolve()), "--generate-code=false")
    yield f"  {place.command(*arguments)}"
    yield f"  {shlex.join(again)}"
    yield f"  {place.command('preview', '--diff')}"
    yield f"  {place.command('up')}"
    yield "The import protects everything; the first `up` leaves protected what is declared so."
