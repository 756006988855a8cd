go run ./examples/faketenant -json -no-policy -for 1m >tenant.json & until [ -s tenant.json ]; do sleep 0.1; done
token=$(curl -s "$(jq -r .page tenant.json)api/tokens" -d '{"address":"ada@contoso.com"}' | jq -r .access_token)
printf '\003\001\152\000\000\007\126\122\003\060\000\001\001' | curl -s -x "$(jq -r .proxy tenant.json)" --cacert "$(jq -r .ca tenant.json)" -H "Authorization: Bearer $token" \
  -H 'MS-ASProtocolVersion: 16.1' -H 'Content-Type: application/vnd.ms-sync.wbxml' --data-binary @- "$(jq -r .activesync tenant.json)?Cmd=FolderSync&User=ada@contoso.com&DeviceId=curl1&DeviceType=curl" >folders.wbxml
wbxml2xml -l ACTIVESYNC -o - folders.wbxml
