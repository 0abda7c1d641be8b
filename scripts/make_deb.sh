#!/bin/sh
# Builds dist/sotto_VERSION_ARCHITECTURE.deb for this machine's Debian: make deb [WITH=mic,whisper] [WHEELS=FOLDER] [OUT=FOLDER]
# The package holds a whole Python environment at /opt/sotto (docs/decisions/debian-package.md says why).
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
cd "$here"
python=${PYTHON:-/usr/bin/python3}
fail() { echo "sotto: $*" >&2; exit 1; }
command -v dpkg-deb >/dev/null 2>&1 || fail "dpkg-deb is missing: a Debian package is built on Debian, Ubuntu or Raspberry Pi OS"
case $(readlink -f "$python") in
/usr/bin/python3.*) ;;
*) fail "'$python' is not the Python of Debian's python3 package, which the environment will run on" ;;
esac
sh scripts/system_packages.sh "making a Debian package" python3-venv
[ -n "${WHEELS:-}" ] || sh scripts/system_packages.sh "the microphone (building PyAudio)" gcc libc6-dev python3-dev portaudio19-dev

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)
architecture=$(dpkg --print-architecture)
minor=$("$python" -c 'import sys; print(sys.version_info.minor)')
out=${OUT:-$here/dist}
mkdir -p "$out"
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
chmod 755 "$stage"

DESTDIR=$stage PREFIX=/usr PYTHON=$python WITH=${WITH:-mic} WHEELS=${WHEELS:-} sh scripts/install.sh install >/dev/null
doc=$stage/usr/share/doc/sotto
mkdir -p "$doc" "$stage/DEBIAN"
cp LICENSE "$doc/copyright"
gzip -9n "$stage/usr/share/man/man1/sotto.1"
chmod 644 "$doc/copyright"

cat >"$stage/DEBIAN/control" <<END
Package: sotto
Version: $version
Architecture: $architecture
Maintainer: The Sotto developers <sotto@localhost>
Section: sound
Priority: optional
Installed-Size: $(du -sk --exclude=DEBIAN "$stage" | cut -f1)
Depends: python3 (>= 3.$minor), python3 (<< 3.$((minor + 1))), libc6 (>= 2.35), libstdc++6, libportaudio2, systemd (>= 250), util-linux
Recommends: espeak-ng, alsa-utils
Suggests: mosquitto
Description: voice assistant that keeps what is said at home
 Sotto hears a wake word, understands a command and acts on it, on this machine.
 What leaves it is a redacted intent that a policy released to a named
 destination, and nothing where no policy says so.
END
(cd "$stage" && find etc -type f | sed 's|^|/|') >"$stage/DEBIAN/conffiles"

cat >"$stage/DEBIAN/postinst" <<'END'
#!/bin/sh
set -e
if [ "$1" = configure ]; then
  systemd-sysusers sotto.conf
  systemd-tmpfiles --create sotto.conf || true
  if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    [ -z "$2" ] || systemctl try-restart sotto-core.service sotto-door.service sotto-wyoming.service || true
  fi
  if [ -z "$2" ]; then
    echo "Sotto is installed and listens to nothing yet. Next, type:"
    echo "    sudo sotto setup"
    echo "    sudo systemctl enable --now sotto.target"
  fi
fi
END
cat >"$stage/DEBIAN/prerm" <<'END'
#!/bin/sh
set -e
if [ "$1" = remove ]; then
  units="sotto.target sotto-core.service sotto-door.service sotto-door.socket sotto-names.socket sotto-wyoming.service sotto-wyoming.socket"
  if [ -d /run/systemd/system ]; then systemctl --quiet stop $units || true; fi
  systemctl --quiet disable $units 2>/dev/null || true
fi
END
cat >"$stage/DEBIAN/postrm" <<'END'
#!/bin/sh
set -e
if [ -d /run/systemd/system ]; then systemctl daemon-reload || true; fi
if [ "$1" = remove ]; then rm -rf /run/sotto; fi
if [ "$1" = purge ]; then
  for name in sotto sotto-door sotto-wyoming; do rm -rf "/var/lib/private/$name" "/var/lib/$name"; done
  for name in sotto-master sotto-mqtt-key sotto-ha-token; do rm -f "/etc/credstore.encrypted/$name"; done
  rm -rf /etc/sotto
  for group in sotto-lamps sotto-metrics sotto-names sotto-link sotto; do
    if getent group "$group" >/dev/null; then groupdel "$group" || true; fi
  done
fi
END
chmod 755 "$stage/DEBIAN/postinst" "$stage/DEBIAN/prerm" "$stage/DEBIAN/postrm"
package=$out/sotto_${version}_${architecture}.deb
dpkg-deb --build --root-owner-group -Zzstd "$stage" "$package" >/dev/null
echo "$package"
