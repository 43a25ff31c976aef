# Slurm has started this task again too often: its time is too short, or its node fails under it.
if [ "${SLURM_RESTART_COUNT:-0}" -gt @RESTARTS@ ]; then
    echo "started again more than @RESTARTS@ times; what is left is submitted with the next \`compdd suite slurm\`" >&2
    exit 75
fi
failed=0
# USR1 reaches this shell alone; a shell starts what runs beside it with SIGINT ignored, so the cell is asked to save its state with SIGTERM.
# SIGTERM reaches the cell as well, and a second one would end it before its state is saved.
trap 'again=1; stopped=1; kill -TERM "$cell" 2>/dev/null' USR1
trap stopped=1 TERM
for index in $(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" @LIST@); do
    [ -z "$stopped" ] || break
    @CELL@ --index "$index" &
    cell=$!
    wait "$cell"; code=$?
    # A signal ends the first wait; the cell ends a little later.
    while kill -0 "$cell" 2>/dev/null; do wait "$cell"; code=$?; done
    [ "$code" -eq 0 ] || failed=1
done
if [ -n "$again" ]; then
    scontrol requeue "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"
    exit 0
fi
exit $failed
