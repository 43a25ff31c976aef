#!/usr/bin/env bash
# The first minutes on a card: does it compute what the CPU does, how fast beside PyTorch, and a first run of EDF and DataDAM.
#
#     benchmarks/gpu/card.sh DEVICE PROGRAMS DATA OUT [SECONDS]
#
# DEVICE is cuda:N, wgpu:N or wgpu:cpu; PROGRAMS a folder with compdd and the benches train_step, edf_iteration and matching_iteration, stripped
# (benchmarks/gpu/pack.sh makes it); DATA a folder with ImageNette; OUT takes records, tables and logs. Whatever is done is not done again, so a second call
# goes on where the first ended: after SECONDS (default 520), or when it was killed. PyTorch runs where python3 has torch, numpy and safetensors; without
# them its ratios are left out, and said to be.
set -u
[ $# -ge 4 ] || { sed -n '2,12p' "$0"; exit 2; }
device=$1 programs=$(realpath "$2") data=$(realpath "$3") out=$4 seconds=${5:-520}
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$out" && out=$(realpath "$out")
compdd=$programs/compdd
deadline=$(($(date +%s) + seconds))
failed=0

# step NAME MOST COMMAND...: runs a command that has not been done yet for at most MOST seconds and what is left; Ctrl-C lets compdd save its state.
step() {
  local name=$1 most=$2 left=$((deadline - $(date +%s)))
  shift 2
  [ -e "$out/$name.done" ] && return
  if [ "$left" -lt 10 ]; then
    echo "$name: no time left, call again"
    return
  fi
  local begin=$(date +%s)
  timeout --signal=INT --kill-after=20 $((most < left ? most : left)) "$@" > "$out/$name.txt" 2> "$out/$name.log"
  local status=$?
  case $status in
    0) touch "$out/$name.done" && echo "$name: done in $(($(date +%s) - begin)) s" ;;
    124 | 130 | 137) echo "$name: time is up, the next call goes on" ;;
    *) echo "$name: FAILED ($status), see $out/$name.log" && tail -3 "$out/$name.log" && failed=1 ;;
  esac
}

common=(--data "$data" --results "$out/results" --device "$device")
step doctor 60 "$compdd" doctor
step device-test 300 "$compdd" device test "$device" --json
if python3 -c 'import torch, numpy, safetensors' 2> "$out/python.log"; then
  perf=$here/perf
  # beside NAME MOST PROGRAM ...: a program of ours beside PyTorch.
  beside() {
    local name=$1 most=$2 program=$3
    shift 3
    step "$name" "$most" python3 "$perf/$program.py" --binary "$programs/$program" --device "$device" --out "$out/$program.json" "$@"
  }
  beside train-step 150 train_step --cases "${CARD_TRAIN:-d3,d5-256}" --forms "${CARD_FORMS:-eager,channels-last}" --rounds 5
  beside edf-iteration 150 edf_iteration --cases "${CARD_EDF:-d5-b100}" --steps "${CARD_STEPS:-40}" --rounds 3
  beside matching-iteration 120 matching_iteration --cases dm,datadam --rounds 3
else
  echo "no ratios: python3 lacks torch, numpy or safetensors ($out/python.log)"
fi
subset=${CARD_SUBSET:-imagenette} budget=${CARD_BUDGET:-quick}
step students 120 "$compdd" run --method random --subset "$subset" --ipc 10 --budget "$budget" --seeds 5 "${common[@]}"
step edf 400 "$compdd" run --method edf --subset "$subset" --ipc 10 --budget "$budget" --seeds 1 "${common[@]}"
step datadam 400 "$compdd" run --method datadam --subset "$subset" --ipc 10 --budget "$budget" --seeds 1 "${common[@]}"
python3 "$here/gpu/projection.py" "$out" | tee "$out/projection.txt"
exit $failed
