#!/bin/sh
# Puts Sotto on a machine, or into a folder: install.sh install|upgrade|uninstall   (see docs/install.md)
#   DESTDIR=FOLDER  into this folder instead of /; nothing is started
#   PREFIX=/usr     where units, manual page and completion go (default /usr/local)
#   WITH=mic,whisper  the extras to install (default mic)
#   WHEELS=FOLDER   install from the wheels in it, without a network
#   PYTHON=...      the Python of the machine it is for (default /usr/bin/python3)
#   PURGE=1         uninstall: configuration, keys and all that was kept, too
set -eu
action=${1:-}
root=${DESTDIR:-}
prefix=${PREFIX:-/usr/local}
python=${PYTHON:-/usr/bin/python3}
here=$(cd "$(dirname "$0")/.." && pwd)
home=/opt/sotto
units="sotto.target sotto-core.service sotto-door.socket sotto-names.socket sotto-door.service sotto-wyoming.socket sotto-wyoming.service"

say() { echo "sotto: $*"; }
fail() { echo "sotto: $*" >&2; exit 1; }
is_live() { [ -z "$root" ] && [ -d /run/systemd/system ]; }

may_write() {
  [ -n "$root" ] || [ "$(id -u)" = 0 ] || fail "this changes the system. Type: sudo make $action"
}

# The environment, complete, in $1; it will stand at $home.
make_environment() {
  trap 'rm -rf "$root${home:?}.new"' EXIT
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    fail "Python 3.11 or newer is needed, and '$python' is not. Debian 12, Ubuntu 24.04 and Raspberry Pi OS 12 have it"
  if [ -z "$root" ]; then
    cd "$here"
    sh scripts/system_packages.sh "the service" python3-venv libportaudio2 espeak-ng alsa-utils libnss-systemd
    [ -n "${WHEELS:-}" ] || sh scripts/system_packages.sh "the microphone (building PyAudio)" gcc libc6-dev python3-dev portaudio19-dev
  fi
  rm -rf "$1"
  mkdir -p "$(dirname "$1")"
  "$python" -m venv "$1" || fail "'$python' can't make an environment. Type: sudo apt-get install python3-venv"
  what="sotto-voice[${WITH:-mic}]"
  say "installing $what into ${1} (a few minutes)"
  if [ -n "${WHEELS:-}" ]; then
    set -- "$1" --no-index --find-links "$WHEELS" "$what"
  else
    set -- "$1" -c "$here/constraints.txt" "${here}[${WITH:-mic}]"
  fi
  new=$1
  shift
  "$new/bin/python" -m pip --disable-pip-version-check install --quiet --no-compile "$@" ||
    fail "the packages could not be installed (see above); nothing was changed"
  "$new/bin/python" -m pip --disable-pip-version-check uninstall --quiet --yes pip setuptools 2>/dev/null || true
  find "$new/bin" -mindepth 1 ! -name 'python*' ! -name sotto -delete
  sed -i "1s|^#!.*|#!$home/bin/python|" "$new/bin/sotto"
  "$new/bin/python" -m compileall -q -j 1 -s "$new" -p "$home" --invalidation-mode unchecked-hash "$new/lib" ||
    fail "the environment can't be compiled"
  mkdir -p "$new/share/examples"
  cp -R "$here/systemd" "$new/share/units"
  cp "$here/examples/settings.yaml" "$new/share/examples/"
  "$new/bin/python" -I -m assistant help --man >"$new/share/sotto.1"
  "$new/bin/python" -I -m assistant help --bash >"$new/share/sotto.bash"
  "$new/bin/python" -I -m assistant help --zsh >"$new/share/_sotto"
}

# Units, command, manual page and completion, from the environment at $1.
put_files() {
  put() { mkdir -p "$root$2"; install -m "${4:-644}" "$share/$1" "$root$2/$3"; }
  share=$1/share
  for unit in $units; do put "units/$unit" "$prefix/lib/systemd/system" "$unit"; done
  put units/sysusers.conf "$prefix/lib/sysusers.d" sotto.conf
  put units/tmpfiles.conf "$prefix/lib/tmpfiles.d" sotto.conf
  put units/sotto.sh "$prefix/bin" sotto 755
  put sotto.1 "$prefix/share/man/man1" sotto.1
  put sotto.bash "$prefix/share/bash-completion/completions" sotto
  if [ "$prefix" = /usr ]; then put _sotto /usr/share/zsh/vendor-completions _sotto
  else put _sotto "$prefix/share/zsh/site-functions" _sotto; fi
}

# What a household changes is never written over.
put_configuration() {
  mkdir -p "$root/etc/sotto/policies"
  for name in settings.yaml policies/house.yaml; do
    [ -e "$root/etc/sotto/$name" ] || install -m 640 "$1/share/units/example/$name" "$root/etc/sotto/$name"
  done
  if is_live; then
    systemd-sysusers "$prefix/lib/sysusers.d/sotto.conf"
    systemd-tmpfiles --create "$prefix/lib/tmpfiles.d/sotto.conf"
  fi
}

# Whether what should run does.
starts() {
  systemctl daemon-reload
  for unit in sotto-core.service sotto-door.service sotto-wyoming.service; do
    if [ "$unit" = sotto-core.service ] || systemctl --quiet is-enabled "$unit" 2>/dev/null; then
      systemctl restart "$unit" || return 1
    fi
  done
}

remove_files() {
  for unit in $units; do rm -f "$root$prefix/lib/systemd/system/$unit"; done
  rm -f "$root$prefix/lib/sysusers.d/sotto.conf" "$root$prefix/lib/tmpfiles.d/sotto.conf" "$root$prefix/bin/sotto" \
    "$root$prefix/share/man/man1/sotto.1" "$root$prefix/share/bash-completion/completions/sotto" \
    "$root/usr/share/zsh/vendor-completions/_sotto" "$root$prefix/share/zsh/site-functions/_sotto"
}

case $action in
install)
  may_write
  [ ! -e "$root$home" ] || fail "Sotto is installed already. Type: sudo make upgrade"
  make_environment "$root$home.new"
  mv "$root$home.new" "$root$home"
  put_files "$root$home"
  put_configuration "$root$home"
  if is_live; then
    systemctl daemon-reload
    say "installed; nothing listens yet. Next, type:"
    echo "    sudo sotto setup      # microphone, wake word, recognizer, Home Assistant, policy"
    echo "    sudo sotto check      # what works and what doesn't"
    echo "    sudo systemctl enable --now sotto.target"
  else
    say "installed into ${root:-/}; systemd does not run here, so nothing was started"
  fi
  ;;
upgrade)
  may_write
  [ -d "$root$home" ] || fail "Sotto is not installed. Type: sudo make install"
  make_environment "$root$home.new"
  rm -rf "$root$home.old"
  mv "$root$home" "$root$home.old"
  mv "$root$home.new" "$root$home"
  put_files "$root$home"
  put_configuration "$root$home"
  if is_live && systemctl --quiet is-active sotto-core.service && ! starts; then
    say "the new version does not start:"
    journalctl --no-pager --quiet -n 5 -u sotto-core.service 2>/dev/null || true
    rm -rf "$home"
    mv "$home.old" "$home"
    put_files "$home"
    if starts; then fail "the version from before runs again"; fi
    fail "the version from before is back, and does not start either. Type: systemctl status sotto-core"
  fi
  rm -rf "$root$home.old"
  say "upgraded; settings, policies and what is kept are as they were"
  ;;
uninstall)
  may_write
  if is_live; then
    # shellcheck disable=SC2086
    systemctl --quiet disable --now $units 2>/dev/null || true
  fi
  remove_files
  rm -rf "$root${home:?}" "$root$home.old" "$root$home.new"
  if is_live; then
    systemctl daemon-reload
    rm -rf /run/sotto
  fi
  if [ "${PURGE:-}" = 1 ]; then
    rm -rf "$root/etc/sotto" "$root/var/lib/sotto" "$root/var/lib/sotto-door" "$root/var/lib/sotto-wyoming" \
      "$root/var/lib/private/sotto" "$root/var/lib/private/sotto-door" "$root/var/lib/private/sotto-wyoming" \
      "$root/etc/credstore.encrypted/sotto-master" "$root/etc/credstore.encrypted/sotto-mqtt-key" \
      "$root/etc/credstore.encrypted/sotto-ha-token"
    if [ -z "$root" ]; then
      for group in sotto-lamps sotto-metrics sotto-names sotto-link sotto; do getent group "$group" >/dev/null && groupdel "$group"; done
    fi
    say "removed, with its configuration and everything it kept"
  else
    say "removed. What is left: /etc/sotto and /var/lib/private/sotto* (sudo make uninstall PURGE=1 removes them too)"
  fi
  ;;
*)
  fail "usage: install.sh install|upgrade|uninstall"
  ;;
esac
