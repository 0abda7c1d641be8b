#!/bin/sh
# Makes an environment with a real Home Assistant, for the tests against it. It wants Python 3.11:
# later versions of Home Assistant want later ones, and this one wants no later one.
set -eu
place=$1
python=${PYTHON:-python3.11}
if [ -x "$place/bin/python" ] && "$place/bin/python" -c "import homeassistant, hassil, psutil_home_assistant" 2>/dev/null; then
    exit 0
fi
"$python" -m venv "$place"
# Beside Home Assistant itself, what the integrations of its demonstration house would fetch when
# it starts, and a josepy that its cloud library still works with.
"$place/bin/pip" install --quiet \
    "homeassistant==2024.3.3" "pytest-homeassistant-custom-component==0.13.109" \
    "hassil==1.6.1" "home-assistant-intents==2024.3.12" \
    "Pillow==10.2.0" "janus==1.0.0" "psutil-home-assistant==0.0.1" "josepy<2"
