# $1 the folder, then serial numbers of certificates to revoke; with none, the list is only written anew
set -eu
umask 077
cd "$1"
if command -v flock >/dev/null 2>&1; then exec 9>.lock; flock 9; fi
rm -rf ./.new.*
new=$(mktemp -d ./.new.XXXXXX)
trap 'rm -rf "$new"' EXIT
said() { cat "$new/said" >&2; exit 1; }
shift
for serial in "$@"; do
  openssl ca -batch -config openssl.cnf -revoke "issued/$serial.pem" -crl_reason keyCompromise 2>"$new/said" ||
    grep -q 'already revoked' "$new/said" || said
done
openssl ca -config openssl.cnf -gencrl -out "$new/crl" 2>"$new/said" || said
mv "$new/crl" crl.pem
