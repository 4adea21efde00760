"""A cluster's API, for real: etcd and kube-apiserver. A stage of its own, see .ci/cluster."""
