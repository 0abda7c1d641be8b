#!/bin/sh
# Makes a certificate authority, and certificates for the broker, the door and the service.
# usage: certificates.sh FOLDER [SITE] [ADDRESS] [DAYS]
#   SITE     the door's name is sotto-SITE (default: home)
#   ADDRESS  the broker's name or IP address as the door knows it (default: 127.0.0.1)
#   DAYS     how long they hold (default: 365); -1 makes expired ones, for tests
set -eu
umask 077
folder=${1:?usage: certificates.sh FOLDER [SITE] [ADDRESS] [DAYS]}
site=${2:-home}
address=${3:-127.0.0.1}
days=${4:-365}
mkdir -p "$folder"
cd "$folder"

case $address in
  *[!0-9.]*) alternative="DNS:$address" ;;
  *) alternative="IP:$address" ;;
esac

if [ ! -f ca.key ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
    -subj "/CN=Sotto example authority" -addext "keyUsage=critical,keyCertSign,cRLSign" \
    -keyout ca.key -out ca.pem 2>/dev/null
fi

make() { # NAME COMMON-NAME EXTENSIONS
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -subj "/CN=$2" -keyout "$1.key" -out "$1.csr" 2>/dev/null
  printf '%s\n' "$3" basicConstraints=CA:FALSE keyUsage=digitalSignature \
    subjectKeyIdentifier=hash authorityKeyIdentifier=keyid > "$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial \
    -days "$days" -extfile "$1.ext" -out "$1.pem" 2>/dev/null
  rm "$1.csr" "$1.ext"
}

make broker "$address" "subjectAltName=$alternative
extendedKeyUsage=serverAuth"
make door "sotto-$site" "extendedKeyUsage=clientAuth"
make weather weather "extendedKeyUsage=clientAuth"
