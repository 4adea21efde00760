"""Reading objects of a cluster by kind and name, and what it says when it does not let us.

    with Cluster.open(find_access()) as cluster:
        claim = cluster.get(CLAIMS, "data", "apps")     # a plain document, as in a manifest
        drivers = cluster.list(CSI_DRIVERS)

Nothing is ever changed. Documents are what the API sends, of JSON's types; whatever a reader takes out of them may be
of any type, and comes from strangers.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from layerscope.cluster.connection import TIMEOUT, Answer, Connection
from layerscope.cluster.failures import not_known, unreadable
from layerscope.cluster.grant import Identity, Permission, grant
from layerscope.errors import ClusterRefused, LayerscopeError, NotFound, SourceUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from layerscope.cluster.access import Access

PAGE = 500
"""Objects that a list is asked for at a time, as kubectl does."""
MAX_OBJECTS = 100_000


@dataclasses.dataclass(frozen=True, slots=True)
class Resource:
    """A kind of object, and where the API has it."""

    kind: str
    plural: str
    group: str = ""
    """Empty for the core group."""
    versions: tuple[str, ...] = ("v1",)
    """Those whose fields are known here, best first; the cluster serves one of them or the kind is not there."""
    namespaced: bool = True


@dataclasses.dataclass(frozen=True, slots=True)
class Refusal:
    """A read that the cluster did not allow."""

    permission: Permission
    identity: Identity
    allowed: bool | None
    """What the cluster says when it is asked about it (SelfSubjectAccessReview); None where it gave no answer."""
    message: str
    """In the cluster's own words."""

    def __str__(self) -> str:
        return f"{self.identity} may not {self.permission}"


class Cluster:
    """A cluster's objects, read as one identity. Close it, or use it as a context."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._groups: dict[str, tuple[str, ...]] | None = None
        self._identity: Identity | None = None

    @classmethod
    def open(cls, access: Access, timeout: float = TIMEOUT) -> Cluster:
        """A cluster by what ``find_access`` found; raises as ``Connection`` does."""
        return cls(Connection(access, timeout))

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def __str__(self) -> str:
        return str(self.access)

    @property
    def access(self) -> Access:
        """How it is reached."""
        return self._connection.access

    @property
    def namespace(self) -> str:
        """Where names without a namespace are meant to be."""
        return self.access.namespace

    def get(self, resource: Resource, name: str, namespace: str = "") -> dict[str, Any]:
        """One object; ``namespace`` counts for namespaced kinds, and is the access's own where it is empty.

        Raises:
            NotFound: There is none of that name, or the cluster does not serve the kind.
            ClusterRefused: It is not allowed; with the role that would allow it.
            SourceUnreachable: No answer, an answer that is none, or a credential that is not accepted.
        """
        path, where = self._path(resource, namespace)
        if not _is_segment(name):
            raise NotFound(f"{name!r} cannot be the name of a {resource.kind}")
        permission = Permission("get", resource.group, resource.plural, where, name)
        answer = self._connection.get(f"{path}/{quote(name, safe='')}")
        if answer.status == 404:
            place = f"{where}/{name}" if where else name
            raise NotFound(f"there is no {resource.kind} {place} in {self}", hint=self._elsewhere(resource, where))
        return {**self._read(answer, permission), "kind": resource.kind}

    def list(self, resource: Resource, namespace: str = "", *, everywhere: bool = False) -> Iterator[dict[str, Any]]:
        """All objects of a kind, page by page, in one namespace or ``everywhere``; raises as ``get``."""
        path, where = self._path(resource, namespace, everywhere=everywhere)
        permission = Permission("list", resource.group, resource.plural, where)
        parameters = {"limit": str(PAGE)}
        count = 0
        while True:
            answer = self._connection.get(path, parameters)
            if answer.status == 404:
                raise NotFound(f"{self} has no {resource.plural}")
            document = self._read(answer, permission)
            items, metadata = document.get("items") or [], document.get("metadata") or {}
            if not isinstance(items, list) or not isinstance(metadata, dict):
                raise unreadable(self.access)
            for item in items:
                if isinstance(item, dict):
                    yield {**item, "kind": resource.kind}
            count += len(items)
            following = metadata.get("continue")
            if not isinstance(following, str) or not following:
                return
            if count > MAX_OBJECTS or not items:
                raise SourceUnreachable(f"{self} has more than {MAX_OBJECTS} {resource.plural}: not read to the end")
            parameters["continue"] = following

    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """The API groups that are served, each with its versions, the preferred one first; the core group is ``""``.

        Empty where the cluster does not say: then every kind is taken to be served in its best version.
        """
        if self._groups is None:
            answer = self._connection.get("apis")
            if answer.status == 401:
                raise not_known(self.access, answer.message)
            self._groups = _groups(answer.document) if answer.status == 200 else {}
        return self._groups

    def serves(self, resource: Resource) -> bool:
        """Whether the cluster serves the kind's group in a version that is known here."""
        return self._version(resource) is not None

    def identity(self) -> Identity:
        """Who we are to the cluster: SelfSubjectReview where it is served (1.28 on), else the kubeconfig's word."""
        if self._identity is None:
            version = "authentication.k8s.io/v1"
            review = {"apiVersion": version, "kind": "SelfSubjectReview"}
            try:
                answer = self._connection.post(f"apis/{version}/selfsubjectreviews", review)
            except SourceUnreachable:
                answer = Answer(0, {})
            name = _at(answer.document, "status", "userInfo", "username")
            known = answer.status == 201 and isinstance(name, str) and bool(name)
            self._identity = Identity(str(name), True) if known else Identity(self.access.user, False)
        return self._identity

    def allows(self, permission: Permission) -> bool | None:
        """Whether the cluster says that we may (SelfSubjectAccessReview); None where it gives no answer."""
        version = "authorization.k8s.io/v1"
        wanted = {
            "verb": permission.verb, "group": permission.group, "resource": permission.resource,
            "namespace": permission.namespace, "name": permission.name,
        }  # fmt: skip
        spec = {"resourceAttributes": {key: value for key, value in wanted.items() if value}}
        review = {"apiVersion": version, "kind": "SelfSubjectAccessReview", "spec": spec}
        try:
            answer = self._connection.post(f"apis/{version}/selfsubjectaccessreviews", review)
        except SourceUnreachable:
            return None
        allowed = _at(answer.document, "status", "allowed")
        return allowed if answer.status == 201 and isinstance(allowed, bool) else None

    def _read(self, answer: Answer, permission: Permission) -> Mapping[str, Any]:
        """The document, or the error that the answer is."""
        match answer.status:
            case 200:
                return answer.document
            case 401:
                raise not_known(self.access, answer.message)
            case 403:
                refusal = Refusal(permission, self.identity(), self.allows(permission), answer.message)
                raise Refused(self, refusal)
        said = f": {answer.message}" if answer.message else ""
        raise SourceUnreachable(f"{self} answered {answer.status} to {permission}{said}")

    def _path(self, resource: Resource, namespace: str, *, everywhere: bool = False) -> tuple[str, str]:
        """Where the kind is, and the namespace that is meant."""
        version = self._version(resource)
        if version is None:
            raise NotFound(f"{self} does not serve {resource.kind} of {resource.group or 'the core group'}")
        base = f"apis/{resource.group}/{version}" if resource.group else f"api/{version}"
        if not resource.namespaced or everywhere:
            return f"{base}/{resource.plural}", ""
        where = namespace or self.namespace
        if not _is_segment(where):
            raise NotFound(f"{where!r} cannot be the name of a namespace")
        return f"{base}/namespaces/{quote(where, safe='')}/{resource.plural}", where

    def _version(self, resource: Resource) -> str | None:
        groups = self.groups() if resource.group else {}
        if not groups:
            return resource.versions[0]
        served = groups.get(resource.group, ())
        return next((version for version in resource.versions if version in served), None)

    def _elsewhere(self, resource: Resource, where: str) -> str:
        return f"{where} is the namespace that was looked in; --namespace names another" if where else ""


class Refused(ClusterRefused):
    """ClusterRefused with its facts: what several reads would have needed can be put into one."""

    def __init__(self, cluster: Cluster, *refusals: Refusal) -> None:
        self.refusals: Sequence[Refusal] = refusals
        identity = refusals[0].identity
        wanted = ", ".join(str(each.permission) for each in refusals)
        message = f"{cluster} does not let {identity} {wanted}"
        strange = next((each for each in refusals if each.allowed), None)
        if strange is not None:
            super().__init__(message, hint=f"its rules allow it, so something else refuses: {strange.message}")
            return
        hint = "whoever administers it can allow that with the role below"
        if not identity.confirmed:
            hint += ", your name in the place of USER"
        super().__init__(message, hint=hint, grant=grant([each.permission for each in refusals], identity))


def gathered(cluster: Cluster, errors: Sequence[Refused]) -> LayerscopeError:
    """One error for several refused reads."""
    return Refused(cluster, *(refusal for error in errors for refusal in error.refusals))


def _is_segment(name: str) -> bool:
    """Whether a name stays one part of a path, as the API itself asks of names; pods may list anything."""
    return name not in ("", ".", "..") and not set(name) & set("/%") and name.isprintable()


def _groups(document: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {"": ("v1",)}
    listed = document.get("groups")
    for group in listed if isinstance(listed, list) else []:
        name, versions = _at(group, "name"), _at(group, "versions")
        if not isinstance(name, str) or not isinstance(versions, list):
            continue
        preferred = _at(group, "preferredVersion", "version")
        served = [version for each in versions if isinstance(version := _at(each, "version"), str)]
        found[name] = tuple(sorted(served, key=lambda version: version != preferred))
    return found if len(found) > 1 else {}


def _at(document: Any, *keys: str) -> Any:
    """What stands at a path of keys; None where there is nothing."""
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document
