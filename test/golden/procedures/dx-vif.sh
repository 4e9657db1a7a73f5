#!/bin/sh
# the virtual interface of dx-1
set -eu
export AWS_DEFAULT_REGION=cn-north-1
input=
trap 'rm -f "$input"' EXIT
: "${VIF_DX_1_NEWPRIVATEVIRTUALINTERFACE_AUTHKEY:?set it first: it is not shown here}"

# Connection of dx-1: state is waiting for acceptance
aws directconnect confirm-connection --cli-input-json '{"connectionId":"dxcon-fg5678gh"}'
until [ "$(aws directconnect describe-connections --connection-id dxcon-fg5678gh --query 'connections[0].connectionState' --output text)" = available ]; do sleep 10; done

# Virtual interface of dx-1
input=$(mktemp)
cat > "$input" <<JSON
{"connectionId":"dxcon-fg5678gh","newPrivateVirtualInterface":{"virtualInterfaceName":"demo-dx-1","vlan":100,"asn":65010,"mtu":1500,"addressFamily":"ipv4","amazonAddress":"169.254.10.2/30","customerAddress":"169.254.10.1/30","virtualGatewayId":"vgw-078bcc55","authKey":"${VIF_DX_1_NEWPRIVATEVIRTUALINTERFACE_AUTHKEY}","tags":[{"key":"Name","value":"demo-vif-dx-1"},{"key":"hybridctl:site","value":"demo"},{"key":"hybridctl:key","value":"vif/dx-1"}]}}
JSON
VIF_DX_1=$(aws directconnect create-private-virtual-interface --cli-input-json "file://$input" --query virtualInterfaceId --output text)
rm -f "$input"

# Route propagation into private-1: rtb-0468f52220000000a is there

# Route propagation into private-2: rtb-04b8f522f0000000b is there
