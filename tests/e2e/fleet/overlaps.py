"""overlaps.py DIRECTORY AT-LEAST: each file holds what one execution has written: when it began, and again and again what time
it is, by the clock of the machine. Prints every execution, and fails where two were there at once."""
import pathlib
import sys

executions = []
for file in pathlib.Path(sys.argv[1]).iterdir():
    times = [float(line) for line in file.read_text().split("\n")[:-1]]
    if times:
        executions.append((times[0], times[-1], file.name))
last = 0.0
overlap = False
for begin, end, name in sorted(executions):
    print(f"{begin:.3f} to {end:.3f} on {name}")
    overlap |= begin <= last
    last = max(last, end)
if len(executions) < int(sys.argv[2]):
    sys.exit(f"{len(executions)} executions, and {sys.argv[2]} were expected")
sys.exit("two executions at once" if overlap else 0)
