#!/bin/sh
# The command `sotto`. For root it is about the service: what it keeps, as the user whose it is, with root's right to
# read and write files. Everybody else has a state directory of their own.
set -eu
state=/var/lib/private/sotto
sotto=/opt/sotto/bin/sotto
if [ "$(id -u)" != 0 ] || [ ! -d "$state" ]; then
  exec "$sotto" "$@"
fi
for word in "$@"; do
  case $word in
  setup) # writes /etc/sotto, which is root's
    "$sotto" "$@" && exec systemd-tmpfiles --create --prefix=/etc/sotto
    exit
    ;;
  -*) ;;
  *) break ;;
  esac
done
owner=$(stat -c %u "$state")
export STATE_DIRECTORY="$state"
if [ "$owner" = 0 ]; then
  exec "$sotto" "$@"
fi
exec setpriv --reuid="$owner" --regid="$owner" --groups="$(getent group sotto | cut -d: -f3),$(getent group audio | cut -d: -f3)" \
  --inh-caps=-all,+dac_override --ambient-caps=-all,+dac_override --bounding-set=-all,+dac_override --no-new-privs \
  "$sotto" "$@"
