# $1 the folder, then serial numbers of certificates to revoke; with none, the list is only written anew
shift
for serial in "$@"; do
  openssl ca -batch -config openssl.cnf -revoke "issued/$serial.pem" -crl_reason keyCompromise 2>"$new/said" ||
    grep -q 'already revoked' "$new/said" || said
done
openssl ca -config openssl.cnf -gencrl -out "$new/crl" 2>"$new/said" || said
mv "$new/crl" crl.pem
