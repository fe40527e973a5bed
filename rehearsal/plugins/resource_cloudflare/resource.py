"""One kind of resource: where the API has it and how the plugin creates, reads, changes it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from k8s.properties import PropertyMap, PropertyValue, reveal
from rehearsal.plugins.resource_cloudflare.api import Api, ApiError, JsonObject, path_of
from rehearsal.plugins.resource_cloudflare.drift import Equivalence, as_inputs, says_the_same
from rehearsal.plugins.resource_cloudflare.schema import (
    Problem,
    from_api,
    inputs_of,
    outputs_of,
    to_api,
)


class IdentifierError(Exception):
    """An identifier that does not have the documented form. The message says the form."""


@dataclass(frozen=True)
class Operation:
    """What an operation may use: the API, and the person at the terminal."""

    api: Api
    warn: Callable[[str], None]
    owned: Callable[[str], bool]
    """Whether the identifier is known to belong to another resource of the program."""


@dataclass(frozen=True)
class Location:
    """Where one resource is: the properties that its path needs, and its own identifier."""

    scope: Mapping[str, str]
    id: str

    @property
    def values(self) -> dict[str, str]:
        """What fills the placeholders of a path."""
        return {**self.scope, "id": self.id}


@dataclass(frozen=True)
class ExistingResource:
    """A resource as the API has it: its identifier, inputs that describe it, and its state."""

    id: str
    inputs: PropertyMap
    state: PropertyMap


# How some of the inputs compare with what the API has; the others must be equal.
Equivalences: TypeAlias = Callable[
    [PropertyMap, Operation, Mapping[str, str]], dict[str, Equivalence]
]


def _no_equivalences(
    inputs: PropertyMap, operation: Operation, scope: Mapping[str, str]
) -> dict[str, Equivalence]:
    del inputs, operation, scope
    return {}


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A kind of resource kept in one collection of the API, as JSON.

    Everything here is data; kinds that the API treats otherwise are subclasses.
    """

    token: str
    noun: str
    """What a message calls it."""
    title: str
    """The input by which people know it."""
    collection: str
    """Path of the collection, with the scope's properties as placeholders."""
    scope: tuple[str, ...]
    """The properties, in the order of the import identifier, that come before its own."""
    replace_on: frozenset[str]
    """The inputs that cannot be changed in place."""
    defaults: Mapping[str, PropertyValue] = field(default_factory=dict[str, PropertyValue])
    """What the API has for inputs that are not given, where another value is drift."""
    filled_in: frozenset[str] = frozenset()
    """Optional inputs that the API fills in when they are not given: not taken from an import."""
    equivalences: Equivalences = _no_equivalences
    taken: frozenset[int] = frozenset()
    """Error codes of a creation that say that there is one already."""
    twin_query: tuple[tuple[str, str], ...] = ()
    """Query parameters that narrow the search for that one: (parameter, input)."""

    @property
    def import_form(self) -> str:
        """The documented form of the identifier for an import."""
        return "/".join(f"<{name}>" for name in (*self.scope, "id"))

    def check(self, inputs: PropertyMap) -> Iterator[Problem]:
        """What is wrong with inputs beyond what the schema says."""
        del inputs
        yield from ()

    def prepared(self, inputs: PropertyMap) -> PropertyMap:
        """The inputs as they are kept: the place to mark what is always secret."""
        return inputs

    def locate(self, identifier: str, state: Mapping[str, PropertyValue]) -> Location:
        """Where a resource is, by its identifier alone (an import) or with its state.

        Raises IdentifierError.
        """
        scope = {name: reveal(state.get(name)) for name in self.scope}
        if all(isinstance(value, str) for value in scope.values()):
            prefix = "/".join([*map(str, scope.values()), ""])
            return Location(scope, identifier.removeprefix(prefix))
        parts = identifier.split("/", len(self.scope))
        if len(parts) != len(self.scope) + 1 or not all(parts):
            raise IdentifierError(
                f"the identifier of a {self.noun} must have the form {self.import_form}, "
                f"found {identifier!r}"
            )
        return Location(dict(zip(self.scope, parts, strict=False)), parts[-1])

    def scope_of(self, inputs: PropertyMap) -> dict[str, str]:
        """The scope's properties, from inputs."""
        return {name: str(reveal(inputs[name])) for name in self.scope}

    def create(self, operation: Operation, inputs: PropertyMap) -> ExistingResource:
        """Create it, or adopt the one that an interrupted run has left. Raises ApiError."""
        scope = self.scope_of(inputs)
        try:
            document = operation.api.call(
                "POST", path_of(self.collection, scope), body=self.body(inputs)
            ).result
        except ApiError as error:
            if not error.codes & self.taken:
                raise
            twin = self.find_twin(operation, inputs, scope)
            if twin is None:
                raise
            return self.adopted(operation, twin)
        location = Location(scope, str(document["id"]))
        return self.found(operation, location, document, inputs, applied=True)

    def read(
        self, operation: Operation, location: Location, inputs: PropertyMap
    ) -> ExistingResource | None:
        """The resource as the API has it; None when it is gone. Raises ApiError."""
        try:
            document = operation.api.call("GET", self.path(location)).result
        except ApiError as error:
            if error.missing:
                return None
            raise
        return self.found(operation, location, document, inputs)

    def update(
        self, operation: Operation, location: Location, inputs: PropertyMap
    ) -> ExistingResource:
        """Replace what the API has by the inputs. Raises ApiError."""
        document = operation.api.call("PUT", self.path(location), body=self.body(inputs)).result
        return self.found(operation, location, document, inputs, applied=True)

    def delete(self, operation: Operation, location: Location, state: PropertyMap) -> None:
        """Delete it; that it is gone already is fine. Raises ApiError."""
        del state
        try:
            operation.api.call("DELETE", self.path(location))
        except ApiError as error:
            if not error.missing:
                raise

    def path(self, location: Location) -> str:
        """The path of one resource."""
        return path_of(f"{self.collection}/{{id}}", location.values)

    def body(self, inputs: PropertyMap) -> JsonObject:
        """What is sent to create or change it."""
        sent = {k: v for k, v in inputs.items() if k not in self.scope}
        return to_api(sent, inputs_of(self.token))

    def find_twin(
        self, operation: Operation, inputs: PropertyMap, scope: Mapping[str, str]
    ) -> ExistingResource | None:
        """The one resource that is exactly what these inputs would create, if there is one."""
        query = {
            parameter: reveal(inputs[name])
            for parameter, name in self.twin_query
            if reveal(inputs.get(name)) is not None
        }
        for document in operation.api.pages(path_of(self.collection, scope), query=query):
            location = Location(scope, str(document.get("id")))
            if operation.owned(location.id):
                continue
            found = self.found(operation, location, document, inputs)
            if says_the_same(found.inputs, inputs):
                return found
        return None

    def adopted(self, operation: Operation, twin: ExistingResource) -> ExistingResource:
        """The twin, after saying so: this is how an update after a crash goes on."""
        operation.warn(
            f"took over the existing {self.noun} {twin.id}, which is exactly as declared; "
            "an interrupted update leaves such a one"
        )
        return twin

    def found(
        self,
        operation: Operation,
        location: Location,
        document: Any,
        inputs: PropertyMap,
        *,
        applied: bool = False,
    ) -> ExistingResource:
        """The API's answer as inputs and state.

        After a creation or update the inputs are what was `applied`, however the API spells it.
        """
        described = (
            inputs if applied else self.describe(operation, location, document or {}, inputs)
        )
        state = {**from_api(document or {}, outputs_of(self.token)), **described}
        return ExistingResource(location.id, described, state)

    def describe(
        self, operation: Operation, location: Location, document: Any, inputs: PropertyMap
    ) -> PropertyMap:
        """Inputs that describe the API's answer, as close to the given ones as it allows."""
        actual: PropertyMap = from_api(document, inputs_of(self.token))
        scope = location.scope
        actual = {k: v for k, v in actual.items() if k not in scope}
        current = {k: v for k, v in inputs.items() if k not in scope}
        described = as_inputs(
            current,
            actual,
            defaults=self.defaults,
            equivalences=self.equivalences(inputs, operation, scope),
            filled_in=self.filled_in,
        )
        kept = {name: inputs.get(name, value) for name, value in scope.items()}
        return {**kept, **described}
