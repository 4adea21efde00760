"""Who may pull: credentials as the user's tools keep them. Plain values in, plain values out; no network.

credential.py         a credential, where it was found, and the port through which a source asks
explanation.py        how it was found: everything that was considered, in order
local.py              the logins of this machine, the first that is found
dockerconfig.py       Docker's config.json
dockerenvironment.py  DOCKER_AUTH_CONFIG
containersauth.py     Podman's auth.json, and the old .dockercfg
helper.py             docker-credential-* programs
entry.py, home.py     what those have in common
given.py              a user and password from the caller
keyring.py            pull secrets, tried as the kubelet tries them
pullsecret.py         such a secret, as a plain value
urlmatch.py           how the kubelet compares a key with an image
expiry.py             until when a token says it is good
"""
