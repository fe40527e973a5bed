"""The ResourceProvider service: the engine's calls, for whichever kind of resource they are."""

import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from k8s.properties import (
    UNKNOWN,
    PropertyMap,
    Secret,
    from_struct,
    reveal,
    to_struct,
)
from rehearsal.plugins.resource_cloudflare.api import (
    Api,
    ApiError,
    Credentials,
    telling_of_retries,
)
from rehearsal.plugins.resource_cloudflare.catalogue import RESOURCES
from rehearsal.plugins.resource_cloudflare.differences import differences
from rehearsal.plugins.resource_cloudflare.drift import is_part_of
from rehearsal.plugins.resource_cloudflare.resource import (
    IdentifierError,
    Location,
    Operation,
    Resource,
)
from rehearsal.plugins.resource_cloudflare.schema import (
    Problem,
    inputs_of,
    outputs_of,
    problems_with,
    sdk_version,
)
from rehearsal.plugins.resource_cloudflare.zones import (
    GET_ZONE,
    GET_ZONES,
    LookupFailedError,
    get_zone,
    get_zones,
)
from rehearsal.plugins.serving import Engine, RpcFailure

# ruff: noqa: ARG002, D102 - the signatures are those of the service, documented there

_CONFIGURATION = (
    *("apiKey", "apiToken", "apiUserServiceKey", "baseUrl", "email", "userAgentOperatorSuffix"),
)
_SECRET_CONFIGURATION = ("apiKey", "apiToken", "apiUserServiceKey")
# What the engine itself writes among a provider's inputs.
_OF_THE_ENGINE = ("version", "pluginDownloadURL")
_FUNCTIONS: Mapping[str, Callable[[Api, Mapping[str, Any]], PropertyMap]] = {
    GET_ZONE: get_zone,
    GET_ZONES: get_zones,
}

# Computed outputs that an update leaves as they are.
_NEVER_CHANGING = ("createdOn", "supportsUrlEncoding")

_Result = TypeVar("_Result")


class CloudflareProvider(provider_pb2_grpc.ResourceProviderServicer):
    """One configured provider of a program."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._api: Api | None = None
        # Who owns what in this program, as far as the engine has told in this run.
        self._owners: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()

    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=sdk_version())

    def GetSchema(self, request: Any, context: Any) -> Any:
        raise RpcFailure(
            "the rehearsal's Cloudflare plugin has no package schema: "
            "use `pulumi import` with --generate-code=false, or ResourceOptions(import_=...)",
            code=grpc.StatusCode.UNIMPLEMENTED,
        )

    def CheckConfig(self, request: Any, context: Any) -> Any:
        news = from_struct(request.news)
        failures = [
            Problem(name, f"is no setting of the provider; known are {', '.join(_CONFIGURATION)}")
            for name in news
            if name not in (*_CONFIGURATION, *_OF_THE_ENGINE) and not name.startswith("__")
        ]
        for name in _SECRET_CONFIGURATION:
            if isinstance(news.get(name), str):
                news[name] = Secret(news[name])
        return provider_pb2.CheckResponse(inputs=to_struct(news), failures=_failures(failures))

    def DiffConfig(self, request: Any, context: Any) -> Any:
        """Report what changes; no setting replaces the provider, and with it every resource."""
        old = from_struct(request.old_inputs) or from_struct(request.olds)
        return _diff_response(old, from_struct(request.news), frozenset())

    def Configure(self, request: Any, context: Any) -> Any:
        self._api = Api(Credentials.from_configuration(reveal(from_struct(request.args))))
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Invoke(self, request: Any, context: Any) -> Any:
        function = _FUNCTIONS.get(request.tok)
        if function is None:
            raise RpcFailure(
                f"the rehearsal's Cloudflare plugin has no function {request.tok}; "
                f"it has {', '.join(_FUNCTIONS)}"
            )
        try:
            result = function(self._configured(), reveal(from_struct(request.args)))
        except (ApiError, LookupFailedError) as error:
            raise RpcFailure(f"{request.tok.rpartition(':')[2]}: {error}") from None
        response = provider_pb2.InvokeResponse()
        # `return` is a word of Python's own.
        getattr(response, "return").CopyFrom(to_struct(result))
        return response

    def Check(self, request: Any, context: Any) -> Any:
        resource = _resource(request.urn)
        news = from_struct(request.news)
        problems = list(problems_with(news, inputs_of(resource.token)))
        if not problems:
            problems = list(resource.check(news))
        if problems:
            return provider_pb2.CheckResponse(inputs=request.news, failures=_failures(problems))
        return provider_pb2.CheckResponse(inputs=to_struct(resource.prepared(news)))

    def Diff(self, request: Any, context: Any) -> Any:
        resource = _resource(request.urn)
        self._learn(resource, request.id, request.urn)
        old, state = from_struct(request.old_inputs), from_struct(request.olds)
        # To say what Cloudflare has filled in already is no change.
        news = {
            name: value
            for name, value in from_struct(request.news).items()
            if name in old or not is_part_of(value, state.get(name))
        }
        return _diff_response(old, news, resource.replace_on)

    def Create(self, request: Any, context: Any) -> Any:
        resource = _resource(request.urn)
        inputs = from_struct(request.properties)
        if request.preview:
            state = {**_unknown_outputs(resource), **inputs}
            return provider_pb2.CreateResponse(properties=to_struct(state))
        found = self._perform(
            request.urn,
            f"creating {_title(resource, inputs)}",
            resource,
            lambda operation: resource.create(operation, inputs),
        )
        self._learn(resource, found.id, request.urn)
        return provider_pb2.CreateResponse(id=found.id, properties=to_struct(found.state))

    def Read(self, request: Any, context: Any) -> Any:
        resource = _resource(request.urn)
        inputs, state = from_struct(request.inputs), from_struct(request.properties)
        location = _locate(resource, request.id, state)
        found = self._perform(
            request.urn,
            f"reading the {resource.noun} {location.id}",
            resource,
            lambda operation: resource.read(operation, location, inputs),
        )
        if found is None:
            return provider_pb2.ReadResponse()
        self._learn(resource, found.id, request.urn)
        return provider_pb2.ReadResponse(
            id=found.id,
            properties=to_struct(found.state),
            inputs=to_struct(resource.prepared(found.inputs)),
        )

    def Update(self, request: Any, context: Any) -> Any:
        resource = _resource(request.urn)
        inputs, olds = from_struct(request.news), from_struct(request.olds)
        if request.preview:
            stays = {name: olds[name] for name in _NEVER_CHANGING if name in olds}
            state = {**_unknown_outputs(resource), **stays, **inputs}
            return provider_pb2.UpdateResponse(properties=to_struct(state))
        location = _locate(resource, request.id, olds)
        found = self._perform(
            request.urn,
            f"updating {_title(resource, inputs)}",
            resource,
            lambda operation: resource.update(operation, location, inputs),
        )
        return provider_pb2.UpdateResponse(properties=to_struct(found.state))

    def Delete(self, request: Any, context: Any) -> Any:
        resource = _resource(request.urn)
        state = from_struct(request.properties)
        location = _locate(resource, request.id, state)
        self._perform(
            request.urn,
            f"deleting {_title(resource, state)}",
            resource,
            lambda operation: resource.delete(operation, location, state),
        )
        with self._lock:
            self._owners.pop((resource.token, request.id), None)
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:
        """Nothing to undo: every call to the API is complete in itself."""
        return empty_pb2.Empty()

    def _configured(self) -> Api:
        if self._api is None:
            self._api = Api(Credentials.from_configuration({}))
        return self._api

    def _learn(self, resource: Resource, identifier: str, urn: str) -> None:
        with self._lock:
            self._owners[resource.token, identifier] = urn

    def _perform(
        self,
        urn: str,
        what: str,
        resource: Resource,
        work: Callable[[Operation], _Result],
    ) -> _Result:
        def owned(identifier: str) -> bool:
            return self._owners.get((resource.token, identifier), urn) != urn

        operation = Operation(
            self._configured(), lambda words: self._engine.warning(urn, words), owned
        )
        try:
            with telling_of_retries(lambda words: self._engine.status(urn, words)):
                return work(operation)
        except ApiError as error:
            raise RpcFailure(f"{what}: {error.message}") from None


def _resource(urn: str) -> Resource:
    # urn:pulumi:<stack>::<project>::<parent types $ type>::<name>
    token = urn.split("::")[2].rpartition("$")[2]
    resource = RESOURCES.get(token)
    if resource is None:
        raise RpcFailure(
            f"the rehearsal's Cloudflare plugin has no resource {token}; "
            f"it has {', '.join(sorted(RESOURCES))}"
        )
    return resource


def _title(resource: Resource, properties: PropertyMap) -> str:
    return f"the {resource.noun} {reveal(properties.get(resource.title))}"


def _locate(resource: Resource, identifier: str, state: PropertyMap) -> Location:
    try:
        return resource.locate(identifier, state)
    except IdentifierError as error:
        raise RpcFailure(str(error), code=grpc.StatusCode.INVALID_ARGUMENT) from None


def _unknown_outputs(resource: Resource) -> PropertyMap:
    given = inputs_of(resource.token)["object"]
    return {name: UNKNOWN for name in outputs_of(resource.token)["object"] if name not in given}


def _failures(problems: list[Problem]) -> list[Any]:
    return [provider_pb2.CheckFailure(property=p.property, reason=p.reason) for p in problems]


def _diff_response(old: PropertyMap, new: PropertyMap, replace_on: frozenset[str]) -> Any:
    kinds = provider_pb2.PropertyDiff.Kind
    detailed: dict[str, Any] = {}
    changed: set[str] = set()
    replaces: set[str] = set()
    for path, kind in differences(old, new):
        name = path.partition(".")[0].partition("[")[0]
        changed.add(name)
        if name in replace_on:
            replaces.add(name)
        kind_name = f"{kind}_REPLACE" if name in replace_on else kind
        detailed[path] = provider_pb2.PropertyDiff(kind=kinds.Value(kind_name), inputDiff=True)
    response = provider_pb2.DiffResponse
    return response(
        changes=response.DIFF_SOME if changed else response.DIFF_NONE,
        diffs=sorted(changed),
        replaces=sorted(replaces),
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )
