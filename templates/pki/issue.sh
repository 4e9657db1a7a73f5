# $1 the folder, $2 the device, $3 ecdsa or rsa, $4 and $5 from when until when, $6 "transport" for a box that is typed at, $7 a request
request=$7
if [ -z "$request" ]; then
  request=$new/csr
  case $3 in
    ecdsa) openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -pkeyopt ec_param_enc:named_curve -out "$new/key" 2>"$new/said" || said ;;
    *) openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out "$new/key" 2>"$new/said" || said ;;
  esac
  openssl req -new -config openssl.cnf -key "$new/key" -subj "/O=hybridctl/CN=$2" -out "$request" 2>"$new/said" || said
fi
# Of a request only its key is taken: names, addresses and purposes are the site's.
openssl ca -batch -notext -config openssl.cnf -subj "/O=hybridctl/CN=$2" -in "$request" \
  -startdate "$4" -enddate "$5" -extensions "device_$2" -out "$new/cert" 2>"$new/said" || said
cat "$new/cert" >"$new/all"
if [ -e "$new/key" ]; then
  cat "$new/key" >>"$new/all"
  if [ "$6" = transport ]; then
    # 3DES and SHA-1 are what every IOS and ASA can read; they protect the key on its way to the box only.
    openssl rand -hex 16 >"$new/pass"
    openssl pkey -traditional -in "$new/key" -des3 -passout "file:$new/pass" >>"$new/all" 2>"$new/said" || said
    openssl pkcs12 -export -in "$new/cert" -inkey "$new/key" -certfile authority.pem -name "$2" -keypbe PBE-SHA1-3DES \
      -certpbe PBE-SHA1-3DES -macalg sha1 -passout "file:$new/pass" -out "$new/p12" 2>"$new/said" || said
    { echo '-----BEGIN PKCS12-----'; openssl base64 -in "$new/p12"; echo '-----END PKCS12-----'; } >>"$new/all"
    { echo '-----BEGIN PASSPHRASE-----'; cat "$new/pass"; echo '-----END PASSPHRASE-----'; } >>"$new/all"
  fi
fi
mv "$new/all" "devices/$2.pem"
