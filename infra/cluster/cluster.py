"""The cluster, and the proof that it is the right one, prepared by its administrator."""

from collections.abc import Iterable, Mapping, Sequence

import pulumi
import pulumi_kubernetes as kubernetes

from infra.cluster.isolated_namespace import IsolatedNamespace
from infra.cluster.metadata import GATEWAY_NAMESPACE, metadata
from infra.cluster.namespaces import Labels, differences, namespace_labels
from infra.cluster.priority_classes import PRIORITIES
from infra.cluster.rbac import DEPLOYER, SYSTEM_NAMESPACE, prepared, prepared_namespaces
from infra.cluster.workload import PROGRESS_DEADLINE_SECONDS
from infra.stack.environment import Environment
from infra.workloads import Workload

# By default the provider waits ten minutes, even after Kubernetes has given up.
_ROLLOUT = PROGRESS_DEADLINE_SECONDS + 60
# Simulated pods are ready at once or never.
_REHEARSED_ROLLOUT = 90


class Cluster(pulumi.ComponentResource):
    """Access to the environment's cluster, given only after it was checked.

    `provider` acts on the cluster; `confirmed` is an output that fails for a wrong cluster, and for
    namespaces that are missing or not labelled as declared, so that others can wait for the proof.
    `namespaces` holds the policies, quota and limits of every namespace, by its name.
    """

    provider: kubernetes.Provider
    confirmed: pulumi.Output[bool]
    namespaces: Mapping[str, IsolatedNamespace]
    rollout_seconds: int
    """How long an update waits for pods to become ready."""

    def __init__(
        self,
        environment: Environment,
        workloads: Sequence[Workload],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("serlo:index:Cluster", "cluster", opts=opts)
        self.rollout_seconds = _REHEARSED_ROLLOUT if environment.is_rehearsal else _ROLLOUT
        keys = environment.cluster
        reader = kubernetes.Provider(
            "cluster-identity",
            kubeconfig=keys.kubeconfig,
            context=keys.context,
            # Not the UID: asking another cluster who it is replaces nothing.
            cluster_identifier=environment.name,
            opts=pulumi.ResourceOptions(parent=self),
        )
        opts = pulumi.ResourceOptions(parent=self, provider=reader)
        identity = _look_up_namespace(SYSTEM_NAMESPACE, None, opts, after=None)
        known = identity.metadata.apply(lambda found: confirm(environment, found.uid))
        names = {workload.service.namespace for workload in workloads} | {GATEWAY_NAMESPACE}
        enforce = keys.pod_security == "enforce"
        declared = {name: namespace_labels(name, enforce=enforce) for name in sorted(names)}
        # Looked up in no other cluster, and only if it is there: a lookup that finds nothing ends
        # the program before it can say what to do.
        role = _look_up_role(declared, opts, after=known)
        there = role.metadata.apply(
            lambda found: check_names(environment, declared, found.annotations)
        )
        found = {
            name: _look_up_namespace(name, labels, opts, after=there).metadata.labels
            for name, labels in declared.items()
        }
        self.confirmed = pulumi.Output.all(**found).apply(
            lambda found: check_labels(environment, declared, found)
        )
        self.provider = kubernetes.Provider(
            "cluster",
            kubeconfig=self.confirmed.apply(lambda _: keys.kubeconfig),
            context=keys.context,
            cluster_identifier=keys.uid,
            enable_server_side_apply=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.namespaces = self._guard(declared, workloads)
        self.register_outputs({})

    def _guard(
        self, names: Iterable[str], workloads: Sequence[Workload]
    ) -> Mapping[str, IsolatedNamespace]:
        opts = pulumi.ResourceOptions(parent=self, provider=self.provider)
        # Pods that name a class are refused until it is there.
        classes = [
            kubernetes.scheduling.v1.PriorityClass(
                priority.name,
                metadata=metadata(priority.name),
                value=priority.value,
                global_default=False,
                preemption_policy=priority.preemption_policy,
                description=priority.description,
                opts=opts,
            )
            for priority in PRIORITIES
        ]
        opts = pulumi.ResourceOptions(parent=self, providers=[self.provider], depends_on=classes)
        return {name: IsolatedNamespace(name, workloads, opts) for name in names}


def _look_up_role(
    namespaces: Iterable[str], opts: pulumi.ResourceOptions, *, after: pulumi.Output[bool]
) -> kubernetes.rbac.v1.ClusterRole:
    """Look the deployer's role up, which is expected to name these namespaces."""
    return kubernetes.rbac.v1.ClusterRole(
        DEPLOYER,
        opts=_existing(DEPLOYER, opts, after),
        __props__=kubernetes.rbac.v1.ClusterRoleInitArgs(
            api_version="rbac.authorization.k8s.io/v1",
            kind="ClusterRole",
            metadata=kubernetes.meta.v1.ObjectMetaArgs(
                name=DEPLOYER, annotations=prepared(namespaces)
            ),
        ),
    )


def _look_up_namespace(
    name: str,
    labels: Labels | None,
    opts: pulumi.ResourceOptions,
    *,
    after: pulumi.Output[bool] | None,
) -> kubernetes.core.v1.Namespace:
    """Look a namespace up, which is expected to have these labels; None if any will do."""
    return kubernetes.core.v1.Namespace(
        name,
        opts=_existing(name, opts, after),
        __props__=kubernetes.core.v1.NamespaceInitArgs(
            api_version="v1",
            kind="Namespace",
            metadata=kubernetes.meta.v1.ObjectMetaArgs(name=name, labels=labels),
        ),
    )


def _existing(
    name: str, opts: pulumi.ResourceOptions, after: pulumi.Output[bool] | None
) -> pulumi.ResourceOptions:
    """Return options that read an object once `after` is known: an output that fails stops it.

    The SDK's `get` does so too, but leaves out what is expected: for Pulumi to find drift by, and
    for those who read what the program registers, such as `serlo access`.
    """
    id_ = name if after is None else after.apply(lambda _: name)
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id_))


def confirm(environment: Environment, uid: str | None) -> bool:
    """Whether `uid` is that of the environment's kube-system; raises pulumi.RunError if not."""
    if uid == environment.cluster.uid:
        return True
    line, column = environment.file.position(("config", "serlo:cluster", "uid"))
    raise pulumi.RunError(
        f"This is not the cluster of {environment.name}: its namespace kube-system has the UID "
        f"{uid}, but {environment.file.label}:{line}:{column} names {environment.cluster.uid}. "
        f"Nothing was changed. Check the context {environment.cluster.context!r} of "
        f"{environment.cluster.kubeconfig}, or the stack that is selected."
    )


def check_names(
    environment: Environment, names: Iterable[str], annotations: Mapping[str, str] | None
) -> bool:
    """Whether an administrator has made these namespaces; raises pulumi.RunError if not.

    `annotations` are those of the deployer's role, which name each of them.
    """
    missing = sorted(set(names) - prepared_namespaces(annotations))
    if not missing:
        return True
    raise pulumi.RunError(
        f"Namespaces are missing: {', '.join(missing)}. Nothing was changed.\n"
        "An administrator makes them; name everybody who deploys or reads:\n"
        f"  serlo access --stack {environment.name} --user … --reader … | "
        "kubectl apply --server-side --filename=-"
    )


def check_labels(
    environment: Environment, declared: Mapping[str, Labels], found: Mapping[str, Labels]
) -> bool:
    """Whether namespaces carry the labels that are declared; raises pulumi.RunError if not."""
    wrong = [
        f"  namespace {name}: label {label}: found {there}, wanted {value}"
        for name, labels in declared.items()
        for label, there, value in differences(labels, found[name])
    ]
    if not wrong:
        return True
    raise pulumi.RunError(
        "Namespaces are not labelled as declared. Nothing was changed.\n"
        + "\n".join(wrong)
        + "\nLabels of namespaces are an administrator's to change:\n"
        f"  serlo access --stack {environment.name} | kubectl apply --server-side --filename=-"
    )
