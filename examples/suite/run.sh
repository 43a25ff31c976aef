# Many cells as one command: planned, computed by two processes, collected in a table. About a minute on two cores.
set -e
compdd suite plan mine.toml --results suite-results
compdd suite run mine.toml --results suite-results --processes 2
# Interrupted with Ctrl-C it saves its state; the same command continues. On a cluster: compdd suite slurm.
compdd suite collect mine.toml --results suite-results --format md
