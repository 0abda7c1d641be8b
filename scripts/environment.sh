#!/bin/sh
# Makes .venv and installs Sotto into it with the pinned versions. usage: environment.sh core|dev
set -eu
want=$1
python=${PYTHON:-python3}
here=$(cd "$(dirname "$0")/.." && pwd)
cd "$here"

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
  echo "sotto: Python 3.11 or newer is needed, and '$python' is not. Type: sudo apt-get install python3 python3-venv, or make PYTHON=/path/to/python3.11" >&2
  exit 1
}
sh scripts/system_packages.sh "making a Python environment" git make
"$python" -c 'import ensurepip, venv' 2>/dev/null || sh scripts/system_packages.sh "making a Python environment" python3-venv

# A hash of what is to be installed; when it is unchanged there is nothing to do.
stamp=$(cat pyproject.toml constraints.txt | cksum | cut -d' ' -f1)
[ -f ".venv/.sotto-$want-$stamp" ] && exit 0
[ -x .venv/bin/python ] || "$python" -m venv .venv
pip() { .venv/bin/python -m pip --disable-pip-version-check --quiet "$@"; }

# On a Python for which a core dependency has no wheel (pocketsphinx on 3.12), it is compiled.
"$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 12))' && \
  sh scripts/system_packages.sh "building pocketsphinx" gcc g++ libc6-dev python3-dev

case $want in
core)
  echo "sotto: installing into .venv (about 170 MB, once)"
  pip install -c constraints.txt -e .
  ;;
dev)
  sh scripts/system_packages.sh "the microphone (building PyAudio)" gcc libc6-dev python3-dev portaudio19-dev
  echo "sotto: installing into .venv, with the extras and the test tools (about 1 GB, once)"
  pip install -c constraints.txt -e '.[whisper,presidio,dev]'
  pip install -c constraints.txt -e '.[mic]' || echo "sotto: PyAudio could not be built; going on without the microphone (see above)" >&2
  ;;
esac
touch ".venv/.sotto-$want-$stamp"
