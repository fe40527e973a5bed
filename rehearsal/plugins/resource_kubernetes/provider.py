"""The provider as the engine sees it: one method per remote procedure."""

import json
import threading
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from rehearsal.plugins.properties import (
    PropertyMap,
    from_struct,
    has_unknowns,
    to_struct,
)
from rehearsal.plugins.resource_kubernetes.annotations import AUTONAMED, REPLACE_UNREADY, is_true
from rehearsal.plugins.resource_kubernetes.configuration import (
    Configuration,
    ConfigurationError,
    ambient_kubeconfig,
    changes_cluster,
    from_values,
    from_variables,
    plain_values,
    unknown_settings,
)
from rehearsal.plugins.resource_kubernetes.diffing import property_path
from rehearsal.plugins.resource_kubernetes.identity import Token, name_of, parse_type, type_of
from rehearsal.plugins.resource_kubernetes.inputs import Autonaming, check
from rehearsal.plugins.resource_kubernetes.manifests import manifest_of
from rehearsal.plugins.resource_kubernetes.planning import plan
from rehearsal.plugins.serving import Engine, RpcFailure

if TYPE_CHECKING:
    from rehearsal.kubernetes_api import Access
    from rehearsal.plugins.resource_kubernetes.operations import Operations, Outcome

DEFAULT_NAMESPACE = "default"
_NOT_OFFLINE = (
    "{what} is not available in the offline Kubernetes plugin; declare the objects themselves, "
    "or use the official plugin"
)
_DIFF_NONE = provider_pb2.DiffResponse.DIFF_NONE
_DIFF_SOME = provider_pb2.DiffResponse.DIFF_SOME
_KINDS = {
    ("ADD", False): provider_pb2.PropertyDiff.ADD,
    ("ADD", True): provider_pb2.PropertyDiff.ADD_REPLACE,
    ("DELETE", False): provider_pb2.PropertyDiff.DELETE,
    ("DELETE", True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    ("UPDATE", False): provider_pb2.PropertyDiff.UPDATE,
    ("UPDATE", True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


class KubernetesProvider(provider_pb2_grpc.ResourceProviderServicer):
    """One provider, configured for one cluster."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._configuration = Configuration()
        self._access: Access | None = None
        self._unreachable = "the provider is not configured"
        self._default_namespace = DEFAULT_NAMESPACE
        self._operations: Operations | None = None
        self._cancelled = False

    # The protocol names its methods; so do the requests their fields.
    # ruff: noqa: ARG002, D102

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True, supports_autonaming_configuration=True
        )

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=_version())

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        schema: dict[str, Any] = {"name": "kubernetes", "version": _version(), "resources": {}}
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._engine = Engine(request.address)
        return Empty()

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        news = from_struct(request.news)
        response = provider_pb2.CheckResponse(inputs=request.news)
        for name in unknown_settings(news):
            response.failures.add(property=name, reason="the provider has no such setting")
        try:
            from_values(plain_values(news))
        except ConfigurationError as error:
            response.failures.add(property=error.property, reason=error.reason)
        return response

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        olds = from_struct(request.old_inputs if request.HasField("old_inputs") else request.olds)
        news = from_struct(request.news)
        changed = sorted(
            key
            for key in olds.keys() | news.keys()
            if key != "version" and olds.get(key) != news.get(key)
        )
        if not changed:
            return provider_pb2.DiffResponse(changes=_DIFF_NONE)
        decisive = {"kubeconfig", "context", "cluster", "clusterIdentifier"} & set(changed)
        replaces = sorted(decisive) if decisive and changes_cluster(olds, news) else []
        return provider_pb2.DiffResponse(changes=_DIFF_SOME, diffs=changed, replaces=replaces)

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        from rehearsal.kubernetes_api import (  # noqa: PLC0415 - reads YAML
            KubeconfigError,
            read_kubeconfig,
        )

        try:
            configuration = from_variables(request.variables)
        except ConfigurationError as error:
            raise RpcFailure(str(error), code=grpc.StatusCode.INVALID_ARGUMENT) from None
        self._configuration = configuration
        self._access, self._operations = None, None
        try:
            self._access = read_kubeconfig(
                configuration.kubeconfig or ambient_kubeconfig(),
                configuration.context,
                configuration.cluster,
            )
        except KubeconfigError as error:
            # Not yet an error: previews and state operations do without a cluster.
            self._unreachable = str(error)
        else:
            self._default_namespace = (
                configuration.namespace or self._access.namespace or DEFAULT_NAMESPACE
            )
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        token = _token(request.urn)
        if self._access is None and self._configuration.skip_update_unreachable:
            self._engine.warning(request.urn, f"the cluster is unreachable: {self._unreachable}")
            return provider_pb2.CheckResponse(inputs=request.olds)
        news = from_struct(request.news)
        checked = check(
            news,
            lambda: from_struct(request.olds),
            token=token,
            name=name_of(request.urn),
            seed=request.randomSeed,
            autonaming=_autonaming(request),
            default_namespace=self._default_namespace,
            namespaced=self._namespaced,
        )
        # Most inputs are complete as they are; then the engine gets its own message back.
        inputs = request.news if checked.inputs == news else to_struct(checked.inputs)
        response = provider_pb2.CheckResponse(inputs=inputs)
        for path, reason in checked.failures:
            response.failures.add(property=path, reason=reason)
        return response

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        unchanged = request.HasField("old_inputs") and request.old_inputs.SerializeToString(
            deterministic=True
        ) == request.news.SerializeToString(deterministic=True)
        response = provider_pb2.DiffResponse(changes=_DIFF_NONE, hasDetailedDiff=True)
        news: PropertyMap | None = None
        if not unchanged:
            news = from_struct(request.news)
            planned = plan(
                from_struct(request.old_inputs),
                from_struct(request.olds),
                news,
                ignored=request.ignoreChanges,
                configuration=self._configuration,
            )
            for change in planned.changes:
                path = property_path(change.path)
                response.detailedDiff[path].kind = _KINDS[change.kind, change.replaces]
                response.detailedDiff[path].inputDiff = True
                if change.replaces:
                    response.replaces.append(path)
            response.diffs.extend(sorted({str(change.path[0]) for change in planned.changes}))
            response.deleteBeforeReplace = planned.delete_before_replace
            if planned.changes:
                response.changes = _DIFF_SOME
        self._replace_unready(request, response)
        return response

    def _replace_unready(self, request: Any, response: Any) -> None:
        if type_of(request.urn) != "kubernetes:batch/v1:Job":
            return
        news = manifest_of(from_struct(request.news))
        if not is_true(news, REPLACE_UNREADY) or self._access is None:
            return
        if self._connected().job_is_unready(from_struct(request.olds)):
            response.changes = _DIFF_SOME
            response.replaces.append(f'metadata.annotations["{REPLACE_UNREADY}"]')
            response.diffs.append("metadata")
            response.deleteBeforeReplace = not is_true(news, AUTONAMED)

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        _token(request.urn)
        inputs = from_struct(request.properties)
        if request.preview and (self._access is None or has_unknowns(inputs)):
            return provider_pb2.CreateResponse(properties=request.properties)
        outcome = self._connected().create(
            request.urn, inputs, preview=request.preview, timeout=request.timeout
        )
        if outcome is None:
            return provider_pb2.CreateResponse(properties=request.properties)
        _raise_if_unfinished(outcome)
        return provider_pb2.CreateResponse(id=outcome.id, properties=to_struct(outcome.outputs))

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        inputs = from_struct(request.news)
        if request.preview and (self._access is None or has_unknowns(inputs)):
            return provider_pb2.UpdateResponse(properties=request.news)
        outcome = self._connected().update(
            request.urn,
            inputs,
            from_struct(request.olds),
            preview=request.preview,
            timeout=request.timeout,
            ignored=request.ignoreChanges,
        )
        if outcome is None:
            return provider_pb2.UpdateResponse(properties=request.news)
        _raise_if_unfinished(outcome)
        return provider_pb2.UpdateResponse(properties=to_struct(outcome.outputs))

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        token = _token(request.urn)
        if self._access is None:
            if self._configuration.delete_unreachable:
                return provider_pb2.ReadResponse()
            if self._configuration.skip_update_unreachable:
                return provider_pb2.ReadResponse(
                    id=request.id, properties=request.properties, inputs=request.inputs
                )
        outcome = self._connected().read(
            request.urn,
            token,
            request.id,
            from_struct(request.inputs),
            from_struct(request.properties),
        )
        if outcome is None:
            return provider_pb2.ReadResponse()
        _raise_if_unfinished(outcome, with_inputs=True)
        return provider_pb2.ReadResponse(
            id=outcome.id,
            properties=to_struct(outcome.outputs),
            inputs=to_struct(outcome.inputs),
        )

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        if self._access is None and self._configuration.delete_unreachable:
            return Empty()
        self._connected().delete(request.urn, from_struct(request.properties), request.timeout)
        return Empty()

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        raise RpcFailure(_NOT_OFFLINE.format(what=request.tok), code=grpc.StatusCode.UNIMPLEMENTED)

    def Construct(self, request: Any, context: grpc.ServicerContext) -> Any:
        raise RpcFailure(_NOT_OFFLINE.format(what=request.type), code=grpc.StatusCode.UNIMPLEMENTED)

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        with self._lock:
            self._cancelled = True
            operations = self._operations
        if operations is not None:
            operations.cancel()
        return Empty()

    def _connected(self) -> "Operations":
        """The cluster, connected to at its first use. Raises RpcFailure."""
        from rehearsal.plugins.resource_kubernetes.operations import (  # noqa: PLC0415
            Operations,
        )

        with self._lock:
            if self._access is None:
                raise RpcFailure(
                    f"the Kubernetes cluster cannot be reached: {self._unreachable}. If it no "
                    "longer exists, PULUMI_K8S_DELETE_UNREACHABLE=true drops its resources from "
                    "the state."
                )
            if self._operations is None:
                self._operations = Operations(
                    self._access,
                    self._engine,
                    self._default_namespace,
                    self._configuration,
                )
                if self._cancelled:
                    self._operations.cancel()
            return self._operations

    def _namespaced(self, api_version: str, kind: str) -> bool | None:
        if self._access is None:
            return None
        return self._connected().namespaced(api_version, kind)


def _token(urn: str) -> Token:
    try:
        token = parse_type(type_of(urn))
    except ValueError as error:
        raise RpcFailure(str(error), code=grpc.StatusCode.INVALID_ARGUMENT) from None
    if token.api_version.startswith(("helm.sh/", "kustomize/", "yaml/")):
        raise RpcFailure(_NOT_OFFLINE.format(what=type_of(urn)))
    if token.is_list:
        raise RpcFailure(
            f"{token.kind}: lists exist in manifests only and cannot be created; declare the "
            "objects in it one by one"
        )
    if token.is_patch:
        raise RpcFailure(_NOT_OFFLINE.format(what=f"the Patch resource {token.kind}"))
    return token


def _autonaming(request: Any) -> Autonaming:
    if not request.HasField("autonaming"):
        return Autonaming()
    options = request.autonaming
    modes = provider_pb2.CheckRequest.AutonamingOptions
    if options.mode == modes.DISABLE:
        return Autonaming(disabled=True)
    return Autonaming(proposed=options.proposed_name or None)


def _raise_if_unfinished(outcome: "Outcome", *, with_inputs: bool = False) -> None:
    """Report an object that exists but is not ready, so that the engine keeps its state."""
    if not outcome.problems:
        return
    detail = provider_pb2.ErrorResourceInitFailed(
        id=outcome.id,
        properties=to_struct(outcome.outputs),
        reasons=outcome.problems,
        inputs=to_struct(outcome.inputs) if with_inputs else None,
    )
    raise RpcFailure(outcome.problems[0], detail=detail)


def _version() -> str:
    import importlib.metadata  # noqa: PLC0415 - slow, and asked for once

    try:
        return importlib.metadata.version("pulumi-kubernetes")
    except importlib.metadata.PackageNotFoundError:
        return "4.0.0"
