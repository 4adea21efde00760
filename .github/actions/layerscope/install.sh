#!/usr/bin/env bash
# Installs layerscope into an environment of its own and puts it on the path of later steps.
#
#   GATE_PACKAGE   what to install, as pip takes it; by default the checkout that this action stands in
set -euo pipefail

package=${GATE_PACKAGE:-$GITHUB_ACTION_PATH/../../..}
environment=$RUNNER_TEMP/layerscope
python3 -m venv "$environment"
"$environment/bin/pip" install --quiet --disable-pip-version-check "$package"
echo "$environment/bin" >>"$GITHUB_PATH"
"$environment/bin/layerscope" --version
