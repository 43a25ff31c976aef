# A first set and its score, on images that compdd paints itself: nothing is downloaded. About a minute on two cores.
set -e
# Ten images of the training set, one a class, scored by students that are trained from scratch: what every method has to beat.
compdd run --method random --subset scenes-easy --ipc 1 --budget smoke --results first-run
# Distribution matching, as cheaply.
compdd run --method dm --subset scenes-easy --ipc 1 --budget smoke --results first-run
# Both beside each other, and what the second one's images look like: preview.png in its bundle.
compdd leaderboard --results first-run
# The same with the published effort is `--budget paper`; other images are `--subset imagenette --data ~/imagenette2`.
