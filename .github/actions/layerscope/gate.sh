#!/usr/bin/env bash
# Runs layerscope gate with the action's inputs, which come as variables: none of them is ever read as shell.
set -euo pipefail

# Each line of a text that is not blank, as an element of the array that is named.
lines() {
  local -n into=$1
  local line
  while IFS= read -r line || [[ -n $line ]]; do
    line=${line%$'\r'}
    [[ -z ${line//[[:space:]]/} ]] || into+=("$line")
  done <<<"$2"
}

images=() options=() reports=()
lines images "$GATE_IMAGE"
lines options "${GATE_OPTIONS:-}"
lines reports "${GATE_REPORTS:-}"
((${#images[@]})) || { echo "::error title=layerscope::no image was named"; exit 2; }

arguments=("--format=github")
[[ -z ${GATE_POLICY:-} ]] || arguments+=("--policy=$GATE_POLICY")
[[ -z ${GATE_DOCKERFILE:-} ]] || arguments+=("--dockerfile=$GATE_DOCKERFILE")
[[ -z ${GATE_WRITE_BASELINE:-} ]] || arguments+=("--write-baseline=$GATE_WRITE_BASELINE")
if [[ ${GATE_BASELINE:-} == *.json && ! -e $GATE_BASELINE ]]; then
  echo "::notice title=layerscope::there is no baseline $GATE_BASELINE yet: growth is not measured"
elif [[ -n ${GATE_BASELINE:-} ]]; then
  arguments+=("--baseline=$GATE_BASELINE")
fi
for report in "${reports[@]}"; do
  arguments+=("--report=$report")
done
if [[ ${GATE_UPLOAD_SARIF:-} == true ]]; then
  sarif=$RUNNER_TEMP/layerscope.sarif
  arguments+=("--report=sarif=$sarif")
  echo "sarif-file=$sarif" >>"$GITHUB_OUTPUT"
fi
exec layerscope gate "${images[@]}" "${arguments[@]}" "${options[@]}"
