#!/usr/bin/env bash
# The programs of card.sh for a machine without Rust, stripped, in one folder:
#
#     benchmarks/gpu/pack.sh FEATURES FOLDER [PROFILE]
#
# FEATURES as cargo takes them: cuda, or wgpu,fusion. The profile is `release`; `device` optimises little and is for drivers on the processor.
set -eu
[ $# -ge 2 ] || { sed -n '2,7p' "$0"; exit 2; }
features=$1 folder=$2 profile=${3:-release}
cd "$(dirname "$0")/../.."
mkdir -p "$folder"
cargo build --profile "$profile" --features "$features" --bin compdd --bench train_step --bench edf_iteration --bench matching_iteration \
  --message-format=json-render-diagnostics |
  python3 -c '
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message.get("executable"):
        print(message["target"]["name"], message["executable"])' |
  while read -r name path; do
    strip -o "$folder/$name" "$path"
  done
du -sh "$folder"
