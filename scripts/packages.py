"""Debian packages without installing them, for the scripts beside this file.

Packages come through apt, which checks signatures and digests, from the mirror this machine is
configured with; a private apt root reaches another suite without touching the system's lists.
"""

import os
import pathlib
import subprocess
import sys

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def said(says):
    return f"{pathlib.Path(sys.argv[0]).name}: {says}"


def say(says):
    print(said(says), file=sys.stderr)


def fail(says):
    sys.exit(said(says))


def run(arguments, **options):
    done = subprocess.run(arguments, capture_output=True, text=True, **options)
    if done.returncode != 0:
        fail(f"`{' '.join(map(str, arguments))}` failed:\n{done.stderr.strip()}")
    return done.stdout


def mirror():
    form = "$(ORIGIN)|$(COMPONENT)|$(RELEASE)|$(REPO_URI)"
    for line in run(["apt-get", "indextargets", "--format", form, "Created-By: Packages"]).splitlines():
        origin, component, release, address = line.split("|")
        # The origin is empty before the first update.
        ours = origin in ("Debian", "") and component == "main"
        if ours and "security" not in release and "updates" not in release:
            return address
    fail("apt has no package index; run `apt-get update` as root once")


def private_root(suite, folder):
    """An apt configuration that sees only `suite`, kept below `folder`."""
    root = folder / suite
    for below in ("lists/partial", "cache/archives/partial", "sources.list.d", "preferences.d"):
        (root / below).mkdir(parents=True)
    (root / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror()} {suite} main\n")
    (root / "apt.conf").write_text(
        f'Dir::State::lists "{root}/lists";\nDir::Cache "{root}/cache";\n'
        f'Dir::Etc::sourcelist "{root}/sources.list";\nDir::Etc::sourceparts "{root}/sources.list.d";\n'
        f'Dir::Etc::preferencesparts "{root}/preferences.d";\n'
        # Mirrors carry a rolling suite past its date; a download as root goes to root's folder.
        'Acquire::Check-Valid-Until "false";\nAcquire::Languages "none";\nAPT::Sandbox::User "";\n'
    )
    return dict(os.environ, APT_CONFIG=str(root / "apt.conf"))


def unpacked(package, environment, folder):
    """The files of a package, below `folder`."""
    say(f"{package} from {folder.name}")
    downloads, files = folder / f"{package}.deb", folder / package
    downloads.mkdir()
    run(["apt-get", "download", "-q", package], env=environment, cwd=downloads)
    run(["dpkg-deb", "--extract", *downloads.glob("*.deb"), files])
    return files
