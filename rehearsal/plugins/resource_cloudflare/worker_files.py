"""The files of a worker script: as the inputs have them, and as the API gives them back."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from rehearsal.plugins.properties import PropertyMap, PropertyValue, has_unknowns, reveal
from rehearsal.plugins.resource_cloudflare.api import Answer
from rehearsal.plugins.resource_cloudflare.schema import Problem


@dataclass(frozen=True)
class File:
    """One uploaded file."""

    name: str
    content_type: str
    content: bytes


def check_files(inputs: PropertyMap) -> Iterator[Problem]:
    """What is wrong with the additional files of a script's inputs."""
    for name, given in _files(inputs).items():
        where = f"files.{name}"
        if len({"contentBase64", "contentFile"} & _said(given)) != 1:
            yield Problem(where, "either contentBase64 or contentFile is required, and not both")
        elif "contentBase64" in given:
            encoded = reveal(given["contentBase64"])
            if not has_unknowns(encoded) and not _is_base64(str(encoded)):
                yield Problem(f"{where}.contentBase64", "is no Base64")
        else:
            yield from check_file(given, f"{where}.")


def check_file(given: Mapping[str, PropertyValue], prefix: str = "") -> Iterator[Problem]:
    """What is wrong with `contentFile` and its `contentSha256`."""
    name, digest = reveal(given["contentFile"]), reveal(given.get("contentSha256"))
    if digest is None:
        yield Problem(f"{prefix}contentSha256", "is required with contentFile")
    if has_unknowns(name) or digest is None or has_unknowns(digest):
        return
    try:
        content = Path(str(name)).read_bytes()
    except OSError as error:
        yield Problem(f"{prefix}contentFile", f"cannot be read: {error}")
        return
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        yield Problem(f"{prefix}contentSha256", f"is not that of {name}, which is {found}")


def files_to_upload(inputs: PropertyMap) -> Iterator[File]:
    """The additional files."""
    for name, given in _files(inputs).items():
        encoded = reveal(given.get("contentBase64"))
        content = (
            Path(str(reveal(given["contentFile"]))).read_bytes()
            if encoded is None
            else base64.b64decode(str(encoded))
        )
        yield File(name, str(reveal(given["contentType"])), content)


def downloaded(answer: Answer) -> tuple[File, list[File]]:
    """The main file and the others, from the API's answer."""
    entry = answer.headers.get("cf-entrypoint")
    kind, _, parameters = answer.headers.get("content-type", "").partition(";")
    if kind.strip() != "multipart/form-data":
        return File(entry or "", kind.strip(), answer.content), []
    boundary = parameters.partition("boundary=")[2].strip().strip('"').encode()
    files = list(_form_files(answer.content, boundary))
    nothing = File("", "", b"")
    main = next((file for file in files if file.name == entry), (files or [nothing])[0])
    return main, [file for file in files if file is not main]


def as_files_input(found: list[File], inputs: PropertyMap) -> PropertyMap:
    """The input `files` that describes these, in the program's way of giving each."""
    said = _files(inputs)
    described = {file.name: _described(file, said.get(file.name)) for file in found}
    # In the program's order: else every change would look like one of all files.
    ordered = [name for name in said if name in described]
    return {name: described[name] for name in [*ordered, *(set(described) - set(ordered))]}


def _described(file: File, said: PropertyMap | None) -> PropertyMap:
    digest = hashlib.sha256(file.content).hexdigest()
    encoded = base64.b64encode(file.content).decode()
    if said is None:
        return {"contentType": file.content_type, "contentBase64": encoded}
    found = {"contentType": file.content_type, "contentBase64": encoded, "contentSha256": digest}
    return {name: found.get(name, value) for name, value in said.items()}


def _files(inputs: Mapping[str, PropertyValue]) -> dict[str, PropertyMap]:
    files = reveal(inputs.get("files"))
    return cast(dict[str, PropertyMap], files) if isinstance(files, dict) else {}


def _said(given: Mapping[str, PropertyValue]) -> set[str]:
    return {name for name, value in given.items() if reveal(value) is not None}


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        return False
    return True


def _form_files(body: bytes, boundary: bytes) -> Iterator[File]:
    for piece in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:]:
        head, separator, content = piece.partition(b"\r\n\r\n")
        if separator:
            said = head.decode("utf-8", "replace")
            kind = said.lower().partition("content-type:")[2].partition("\r\n")[0].strip()
            yield File(said.partition('name="')[2].partition('"')[0], kind, content)
