#!/bin/sh
# the managed VPN of demo
set -eu
export AWS_DEFAULT_REGION=cn-north-1
input=
trap 'rm -f "$input"' EXIT
: "${VPN_CONNECTION_RTR_1_OPTIONS_TUNNELOPTIONS_0_PRESHAREDKEY:?set it first: it is not shown here}"
: "${VPN_CONNECTION_RTR_1_OPTIONS_TUNNELOPTIONS_1_PRESHAREDKEY:?set it first: it is not shown here}"
: "${VPN_CONNECTION_RTR_2_OPTIONS_TUNNELOPTIONS_0_PRESHAREDKEY:?set it first: it is not shown here}"
: "${VPN_CONNECTION_RTR_2_OPTIONS_TUNNELOPTIONS_1_PRESHAREDKEY:?set it first: it is not shown here}"

# 6 files for keys
# write /site/psk/aws-rtr-1-1 yourself, mode 0600: its content is not shown
# write /site/psk/aws-rtr-1-2 yourself, mode 0600: its content is not shown
# write /site/psk/aws-rtr-2-1 yourself, mode 0600: its content is not shown
# write /site/psk/aws-rtr-2-2 yourself, mode 0600: its content is not shown
install -D -m 0644 /dev/stdin /site/psk/.gitignore <<'HYBRIDCTL_END'
# Files for site demo, made by hybridctl.
*
HYBRIDCTL_END
install -D -m 0644 /dev/stdin /site/rendered/.gitignore <<'HYBRIDCTL_END'
# Files for site demo, made by hybridctl.
*
HYBRIDCTL_END

# VPC 172.16.0.0/16: vpc-0d5a1b2c3d4e5f607 is there

# virtual private gateway
VGW=$(aws ec2 create-vpn-gateway --cli-input-json '{"Type":"ipsec.1","TagSpecifications":[{"ResourceType":"vpn-gateway","Tags":[{"Key":"Name","Value":"demo-vgw"},{"Key":"hybridctl:site","Value":"demo"},{"Key":"hybridctl:key","Value":"vgw"}]}]}' --query VpnGateway.VpnGatewayId --output text)

# its attachment to the VPC
aws ec2 attach-vpn-gateway --cli-input-json "$(cat <<JSON
{"VpnGatewayId":"${VGW}","VpcId":"vpc-0d5a1b2c3d4e5f607"}
JSON
)"
until [ "$(aws ec2 describe-vpn-gateways --vpn-gateway-ids "${VGW}" --query 'VpnGateways[0].VpcAttachments[0].State' --output text)" = attached ]; do sleep 5; done

# customer gateway of rtr-1
CUSTOMER_GATEWAY_RTR_1=$(aws ec2 create-customer-gateway --cli-input-json '{"Type":"ipsec.1","IpAddress":"198.51.100.77","BgpAsn":65010,"TagSpecifications":[{"ResourceType":"customer-gateway","Tags":[{"Key":"Name","Value":"demo-customer-gateway-rtr-1"},{"Key":"hybridctl:site","Value":"demo"},{"Key":"hybridctl:key","Value":"customer-gateway/rtr-1"}]}]}' --query CustomerGateway.CustomerGatewayId --output text)

# customer gateway of rtr-2
CUSTOMER_GATEWAY_RTR_2=$(aws ec2 create-customer-gateway --cli-input-json '{"Type":"ipsec.1","IpAddress":"198.51.100.140","BgpAsn":65000,"TagSpecifications":[{"ResourceType":"customer-gateway","Tags":[{"Key":"Name","Value":"demo-customer-gateway-rtr-2"},{"Key":"hybridctl:site","Value":"demo"},{"Key":"hybridctl:key","Value":"customer-gateway/rtr-2"}]}]}' --query CustomerGateway.CustomerGatewayId --output text)

# VPN connection of rtr-1
input=$(mktemp)
cat > "$input" <<JSON
{"Type":"ipsec.1","CustomerGatewayId":"${CUSTOMER_GATEWAY_RTR_1}","VpnGatewayId":"${VGW}","Options":{"StaticRoutesOnly":false,"TunnelOptions":[{"TunnelInsideCidr":"169.254.46.24/30","PreSharedKey":"${VPN_CONNECTION_RTR_1_OPTIONS_TUNNELOPTIONS_0_PRESHAREDKEY}","Phase1EncryptionAlgorithms":[{"Value":"AES256-GCM-16"}],"Phase2EncryptionAlgorithms":[{"Value":"AES256-GCM-16"}],"Phase1IntegrityAlgorithms":[{"Value":"SHA2-384"}],"Phase2IntegrityAlgorithms":[{"Value":"SHA2-384"}],"Phase1DHGroupNumbers":[{"Value":20}],"Phase2DHGroupNumbers":[{"Value":20}],"IKEVersions":[{"Value":"ikev2"}],"Phase1LifetimeSeconds":28800,"Phase2LifetimeSeconds":3600,"DPDTimeoutSeconds":30,"DPDTimeoutAction":"restart","StartupAction":"start"},{"TunnelInsideCidr":"169.254.46.28/30","PreSharedKey":"${VPN_CONNECTION_RTR_1_OPTIONS_TUNNELOPTIONS_1_PRESHAREDKEY}","Phase1EncryptionAlgorithms":[{"Value":"AES256-GCM-16"}],"Phase2EncryptionAlgorithms":[{"Value":"AES256-GCM-16"}],"Phase1IntegrityAlgorithms":[{"Value":"SHA2-384"}],"Phase2IntegrityAlgorithms":[{"Value":"SHA2-384"}],"Phase1DHGroupNumbers":[{"Value":20}],"Phase2DHGroupNumbers":[{"Value":20}],"IKEVersions":[{"Value":"ikev2"}],"Phase1LifetimeSeconds":28800,"Phase2LifetimeSeconds":3600,"DPDTimeoutSeconds":30,"DPDTimeoutAction":"restart","StartupAction":"start"}]},"TagSpecifications":[{"ResourceType":"vpn-connection","Tags":[{"Key":"Name","Value":"demo-vpn-connection-rtr-1"},{"Key":"hybridctl:site","Value":"demo"},{"Key":"hybridctl:key","Value":"vpn-connection/rtr-1"}]}]}
JSON
VPN_CONNECTION_RTR_1=$(aws ec2 create-vpn-connection --cli-input-json "file://$input" --query VpnConnection.VpnConnectionId --output text)
rm -f "$input"
aws ec2 wait vpn-connection-available --vpn-connection-ids "${VPN_CONNECTION_RTR_1}"

# Tunnel 1 of rtr-1

# Tunnel 2 of rtr-1

# VPN connection of rtr-2
input=$(mktemp)
cat > "$input" <<JSON
{"Type":"ipsec.1","CustomerGatewayId":"${CUSTOMER_GATEWAY_RTR_2}","VpnGatewayId":"${VGW}","Options":{"StaticRoutesOnly":true,"TunnelOptions":[{"TunnelInsideCidr":"169.254.61.28/30","PreSharedKey":"${VPN_CONNECTION_RTR_2_OPTIONS_TUNNELOPTIONS_0_PRESHAREDKEY}","Phase1EncryptionAlgorithms":[{"Value":"AES256-GCM-16"}],"Phase2EncryptionAlgorithms":[{"Value":"AES256-GCM-16"}],"Phase1IntegrityAlgorithms":[{"Value":"SHA2-384"}],"Phase2IntegrityAlgorithms":[{"Value":"SHA2-384"}],"Phase1DHGroupNumbers":[{"Value":20}],"Phase2DHGroupNumbers":[{"Value":20}],"IKEVersions":[{"Value":"ikev2"}],"Phase1LifetimeSeconds":28800,"Phase2LifetimeSeconds":3600,"DPDTimeoutSeconds":30,"DPDTimeoutAction":"restart","StartupAction":"start"},{"TunnelInsideCidr":"169.254.61.32/30","PreSharedKey":"${VPN_CONNECTION_RTR_2_OPTIONS_TUNNELOPTIONS_1_PRESHAREDKEY}","Phase1EncryptionAlgorithms":[{"Value":"AES256-GCM-16"}],"Phase2EncryptionAlgorithms":[{"Value":"AES256-GCM-16"}],"Phase1IntegrityAlgorithms":[{"Value":"SHA2-384"}],"Phase2IntegrityAlgorithms":[{"Value":"SHA2-384"}],"Phase1DHGroupNumbers":[{"Value":20}],"Phase2DHGroupNumbers":[{"Value":20}],"IKEVersions":[{"Value":"ikev2"}],"Phase1LifetimeSeconds":28800,"Phase2LifetimeSeconds":3600,"DPDTimeoutSeconds":30,"DPDTimeoutAction":"restart","StartupAction":"start"}]},"TagSpecifications":[{"ResourceType":"vpn-connection","Tags":[{"Key":"Name","Value":"demo-vpn-connection-rtr-2"},{"Key":"hybridctl:site","Value":"demo"},{"Key":"hybridctl:key","Value":"vpn-connection/rtr-2"}]}]}
JSON
VPN_CONNECTION_RTR_2=$(aws ec2 create-vpn-connection --cli-input-json "file://$input" --query VpnConnection.VpnConnectionId --output text)
rm -f "$input"
aws ec2 wait vpn-connection-available --vpn-connection-ids "${VPN_CONNECTION_RTR_2}"

# Tunnel 1 of rtr-2

# Tunnel 2 of rtr-2

# Route to 10.10.0.0/16 over rtr-2
aws ec2 create-vpn-connection-route --cli-input-json "$(cat <<JSON
{"VpnConnectionId":"${VPN_CONNECTION_RTR_2}","DestinationCidrBlock":"10.10.0.0/16"}
JSON
)"

# Route propagation into private-1
aws ec2 enable-vgw-route-propagation --cli-input-json "$(cat <<JSON
{"GatewayId":"${VGW}","RouteTableId":"rtb-0468f52220000000a"}
JSON
)"

# Route propagation into private-2
aws ec2 enable-vgw-route-propagation --cli-input-json "$(cat <<JSON
{"GatewayId":"${VGW}","RouteTableId":"rtb-04b8f522f0000000b"}
JSON
)"
