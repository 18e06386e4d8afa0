#!/usr/bin/env bash
# Makes root.pem, server.pem and server.key: the certificate of `localhost` for tests of TLS, and the root that signs it.
#
# Both are valid from 2020 to 2120, so that no clock of a test machine matters. The key of the root is thrown away, so
# nothing else can be signed with it; that of the server is in the open and proves nothing to anybody.
#
# usage: sdk/tests/data/tls/make.sh
set -euo pipefail
cd "$(dirname "$0")"
here=$PWD
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

cat >ca.cnf <<'CNF'
[ca]
default_ca = own
[own]
new_certs_dir = .
database = index.txt
serial = serial
default_md = sha256
policy = any
[any]
commonName = supplied
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1
authorityKeyIdentifier = keyid
CNF
touch index.txt
echo 01 >serial

request() { # name, subject
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"
    openssl req -new -key "$1.key" -subj "/CN=$2" -out "$1.csr"
}
sign() { # name, how
    openssl ca -batch -notext -config ca.cnf -keyfile root.key "${@:2}" -in "$1.csr" -extensions "$1" \
        -startdate 20200101000000Z -enddate 21200101000000Z -out "$1.pem"
}

request root 'root of a test'
request server localhost
sign root -selfsign
sign server -cert root.pem
openssl verify -CAfile root.pem server.pem
cp root.pem server.pem server.key "$here"
