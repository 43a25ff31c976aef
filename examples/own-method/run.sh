# Your own method, here in sixty lines of PyTorch, scored as every other: docs/ten-minutes.md explains each step. PyTorch and NumPy are needed.
set -e
compdd data export scenes-easy --format npz --output scenes
python distribution_matching.py scenes ours.npz --ipc 1 --iterations 20
compdd import ours.npz --subset scenes-easy --method my-method --output my-submission/bundles/my-method.bundle
compdd eval my-submission/bundles/my-method.bundle --results my-submission --budget smoke
compdd leaderboard --results my-submission
