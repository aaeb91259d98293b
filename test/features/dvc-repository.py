"""Makes a git repository whose tables DVC tracks, over some commits."""
import os
import subprocess
import sys

root = os.environ["REPOSITORY"]
os.makedirs(os.path.join(root, "data", "regions"))
dvc = [sys.executable, "-m", "dvc"]


def run(*command):
    subprocess.run(command, cwd=root, check=True, stdout=subprocess.DEVNULL)


def write(path, text):
    with open(os.path.join(root, path), "w", newline="") as file:
        file.write(text)


def commit(message, tag=None):
    run("git", "add", "-A")
    run("git", "-c", "user.name=ann", "-c", "user.email=ann@example.org", "commit", "-q", "-m", message)
    if tag:
        run("git", "tag", tag)


run("git", "init", "-q")
run(*dvc, "init", "-q")
run(*dvc, "config", "core.analytics", "false")
write("data/trips.csv", "id,km\n1,10\n2,20\n")
write("data/regions/north.csv", "city,people\nOslo,700000\n")
write("data/logo.png", "no rows")
run(*dvc, "add", "-q", "data/trips.csv", "data/regions", "data/logo.png")
commit("first trips", "v1.0")
write("data/trips.csv", "id,km\n1,10\n2,20\n3,30\n")
run(*dvc, "add", "-q", "data/trips.csv")
commit("a third trip", "V2")
write("data/regions/south.csv", "city,people\nRome,2800000\n")
run(*dvc, "add", "-q", "data/regions")
commit("the south")
write("double.py", "t=open('data/trips.csv').read().split()\nopen('data/doubled.csv','w').write('km\\n'+'\\n'.join(str(2*int(l.split(',')[1])) for l in t[1:])+'\\n')\n")
run(*dvc, "stage", "add", "-q", "-n", "double", "-d", "data/trips.csv", "-o", "data/doubled.csv", f"{sys.executable} double.py")
run(*dvc, "repro", "-q")
commit("doubled by a stage")
