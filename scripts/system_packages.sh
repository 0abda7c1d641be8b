#!/bin/sh
# Installs Debian packages when it may (root, or sudo without a prompt); otherwise prints the line to type and goes on.
# usage: system_packages.sh WHAT-FOR PACKAGE...
purpose=$1
shift
missing=""
for package in "$@"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
  echo "sotto: $purpose needs (Debian names):$missing. Please install them; going on without." >&2
  exit 0
fi
if [ "$(id -u)" = 0 ]; then as_root=""
elif sudo -n true 2>/dev/null; then as_root="sudo -n"
else
  echo "sotto: $purpose needs packages I may not install. Type:" >&2
  echo "    sudo apt-get install$missing" >&2
  echo "sotto: going on without: $purpose" >&2
  exit 0
fi
echo "sotto: installing$missing (for $purpose)"
install_them() {
  # shellcheck disable=SC2086
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1 </dev/null
}
install_them || { $as_root apt-get update -qq >/dev/null 2>&1 </dev/null; install_them; } || {
  echo "sotto: could not install$missing; going on without: $purpose. Type:" >&2
  echo "    sudo apt-get update && sudo apt-get install$missing" >&2
}
exit 0
