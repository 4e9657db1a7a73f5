# $1 the folder, $2 the CA's common name, $3 and $4 from when until when it is valid
mkdir -p issued devices
[ -e index.txt ] || : >index.txt
[ -e crlnumber ] || echo 01 >crlnumber
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out "$new/key" 2>"$new/said" || said
openssl req -new -config openssl.cnf -key "$new/key" -subj "/O=hybridctl/CN=$2" -out "$new/csr" 2>"$new/said" || said
openssl ca -batch -notext -config openssl.cnf -selfsign -keyfile "$new/key" -in "$new/csr" \
  -startdate "$3" -enddate "$4" -extensions authority -out "$new/cert" 2>"$new/said" || said
cat "$new/cert" "$new/key" >"$new/all"
# Certificate and key are one file: it is there whole, or not at all.
mv "$new/all" authority.pem
