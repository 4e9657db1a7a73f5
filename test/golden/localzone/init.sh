#!/bin/sh
# the utility instance of demo
set -eu
export AWS_DEFAULT_REGION=cn-north-1

# AWS account: 123456789012 is there

# VPC 172.16.0.0/16: vpc-0d5a1b2c3d4e5f607 is there

# subnet subnet-0a1b2c3d: subnet-0a1b2c3d is there

# role hybridctl-demo-utility
ROLE_UTILITY=$(aws iam create-role --cli-input-json '{"RoleName":"hybridctl-demo-utility","AssumeRolePolicyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"ec2.amazonaws.com.cn\"},\"Action\":[\"sts:AssumeRole\"]}]}","Description":"hybridctl: route monitor of demo","Tags":[{"Key":"Name","Value":"demo-role-utility"},{"Key":"hybridctl:site","Value":"demo"},{"Key":"hybridctl:key","Value":"role/utility"}]}' --query Role.RoleName --output text)

# policy hybridctl-demo-utility
aws iam put-role-policy --cli-input-json "$(cat <<JSON
{"RoleName":"${ROLE_UTILITY}","PolicyName":"hybridctl-demo-utility","PolicyDocument":"{\\"Version\\":\\"2012-10-17\\",\\"Statement\\":[{\\"Sid\\":\\"Look\\",\\"Effect\\":\\"Allow\\",\\"Action\\":[\\"ec2:DescribeRouteTables\\"],\\"Resource\\":[\\"*\\"]},{\\"Sid\\":\\"MoveRoutes\\",\\"Effect\\":\\"Allow\\",\\"Action\\":[\\"ec2:CreateRoute\\",\\"ec2:DeleteRoute\\",\\"ec2:ReplaceRoute\\"],\\"Resource\\":[\\"arn:aws-cn:ec2:cn-north-1:123456789012:route-table/rtb-0468f52220000000a\\"]},{\\"Sid\\":\\"FetchPackage\\",\\"Effect\\":\\"Allow\\",\\"Action\\":[\\"s3:GetObject\\"],\\"Resource\\":[\\"arn:aws-cn:s3:::tools/hybridctl-0.1.0.tgz\\"]}]}"}
JSON
)"

# instance profile hybridctl-demo-utility
aws iam create-instance-profile --cli-input-json '{"InstanceProfileName":"hybridctl-demo-utility","Tags":[{"Key":"Name","Value":"demo-profile-utility"},{"Key":"hybridctl:site","Value":"demo"},{"Key":"hybridctl:key","Value":"profile/utility"}]}'
aws iam add-role-to-instance-profile --cli-input-json "$(cat <<JSON
{"InstanceProfileName":"hybridctl-demo-utility","RoleName":"${ROLE_UTILITY}"}
JSON
)"
PROFILE_UTILITY=hybridctl-demo-utility

# newest image of Amazon Linux 2023 (x86_64): ami-0a3831d4da1ee1460 is there

# SSH key /root/.ssh/hybridctl-demo-utility
mkdir -p -m 0700 /root/.ssh
ssh-keygen -q -t ed25519 -N '' -C hybridctl-utility -f /root/.ssh/hybridctl-demo-utility
KEY_FILE_UTILITY_PUBLIC=$(ssh-keygen -y -P '' -f /root/.ssh/hybridctl-demo-utility)

# key pair hybridctl-demo-utility
KEY_PAIR_UTILITY=$(aws ec2 import-key-pair --cli-input-json '{"KeyName":"hybridctl-demo-utility","TagSpecifications":[{"ResourceType":"key-pair","Tags":[{"Key":"Name","Value":"demo-key-pair-utility"},{"Key":"hybridctl:site","Value":"demo"},{"Key":"hybridctl:key","Value":"key-pair/utility"}]}]}' --public-key-material fileb:///dev/stdin --query KeyName --output text <<BYTES
${KEY_FILE_UTILITY_PUBLIC}
BYTES
)

# security group hybridctl-demo-utility
SECURITY_GROUP_UTILITY=$(aws ec2 create-security-group --cli-input-json '{"GroupName":"hybridctl-demo-utility","Description":"hybridctl: route monitor of demo","VpcId":"vpc-0d5a1b2c3d4e5f607","TagSpecifications":[{"ResourceType":"security-group","Tags":[{"Key":"Name","Value":"demo-security-group-utility"},{"Key":"hybridctl:site","Value":"demo"},{"Key":"hybridctl:key","Value":"security-group/utility"}]}]}' --query GroupId --output text)

# instance utility
INSTANCE_UTILITY=$(aws ec2 run-instances --cli-input-json "$(cat <<JSON
{"ImageId":"ami-0a3831d4da1ee1460","InstanceType":"t3.medium","MinCount":1,"MaxCount":1,"IamInstanceProfile":{"Name":"${PROFILE_UTILITY}"},"KeyName":"${KEY_PAIR_UTILITY}","MetadataOptions":{"HttpEndpoint":"enabled","HttpTokens":"required","HttpPutResponseHopLimit":1},"BlockDeviceMappings":[{"DeviceName":"/dev/xvda","Ebs":{"Encrypted":true,"VolumeSize":8,"VolumeType":"gp2","DeleteOnTermination":true}}],"NetworkInterfaces":[{"DeviceIndex":0,"SubnetId":"subnet-0a1b2c3d","Groups":["${SECURITY_GROUP_UTILITY}"],"DeleteOnTermination":true,"AssociatePublicIpAddress":false}],"TagSpecifications":[{"ResourceType":"instance","Tags":[{"Key":"Name","Value":"demo-instance-utility"},{"Key":"hybridctl:site","Value":"demo"},{"Key":"hybridctl:key","Value":"instance/utility"}]},{"ResourceType":"volume","Tags":[{"Key":"Name","Value":"demo-instance-utility"},{"Key":"hybridctl:site","Value":"demo"},{"Key":"hybridctl:key","Value":"instance/utility"}]},{"ResourceType":"network-interface","Tags":[{"Key":"Name","Value":"demo-instance-utility"},{"Key":"hybridctl:site","Value":"demo"},{"Key":"hybridctl:key","Value":"instance/utility"}]}],"UserData":"#!/bin/sh\\n# hybridctl: the monitor of demo on its utility instance. Runs once, at the first boot; /var/log/cloud-init-output.log tells.\\nset -eu\\numask 022\\nexport PATH=\\"\$PATH:/usr/local/bin\\"\\n\\nmkdir -p /etc/hybridctl /opt/hybridctl /usr/local/bin\\ncat > /etc/hybridctl/hybridctl.yaml <<'HYBRIDCTL_END'\\nversion: 1\\nsite: demo\\ncrypto: modern\\ncloud:\\n  region: cn-north-1\\n  vpc: vpc-0d5a1b2c3d4e5f607\\n  cidr: 172.16.0.0/16\\n  vgw: vgw-078bcc55\\ngateways:\\n  - name: gw-1\\n    az: cn-north-1a\\n    private_ip: 172.16.1.157\\n    public_ip: 203.0.113.11\\n    instance: i-0e1466e8a5dd4892c\\n    eni: eni-023fbd87a1b2c3d4e\\n    interface: tun\\n  - name: gw-2\\n    az: cn-north-1b\\n    private_ip: 172.16.2.126\\n    public_ip: 203.0.113.12\\n    instance: i-0430fe110cdec5835\\n    eni: eni-02d75e6061b2c3d4e\\n    interface: tun\\nonprem:\\n  networks:\\n    - 10.10.0.0/16\\n  routers:\\n    - name: rtr-1\\n      public_ip: 198.51.100.77\\n      dialect: swanctl\\n      interface: tun\\n      wan: wan\\n      lan: lan\\n      lan_ip: 10.10.0.2\\n      asn: 65010\\n      router_id: 10.10.0.2\\n    - name: rtr-2\\n      public_ip: 198.51.100.140\\n      private_ip: 10.10.2.100\\n      dialect: swanctl\\n      interface: tun\\n      wan: wan\\n      lan: lan\\n      lan_ip: 10.10.0.3\\n      asn: 65010\\n      router_id: 10.10.0.3\\ntunnels:\\n  - name: vpn1\\n    gateway: gw-1\\n    router: rtr-1\\n    inside: 169.254.100.0/30\\n    psk_file: psk/vpn1\\n  - name: vpn2\\n    gateway: gw-2\\n    router: rtr-2\\n    inside: 169.254.200.0/30\\n    psk_file: psk/vpn2\\nlinks:\\n  - name: dx-1\\n    kind: dx\\n    router: rtr-1\\n    vlan: 100\\n    inside: 169.254.10.0/30\\n    cloud_asn: 64512\\n  - name: vpn-a\\n    kind: vpn\\n    tunnel: vpn1\\n  - name: vpn-b\\n    kind: vpn\\n    tunnel: vpn2\\nroute_tables:\\n  - id: rtb-0468f52220000000a\\n    name: private-1\\n    az: cn-north-1a\\n    subnets:\\n      - 172.16.11.0/24\\n    links:\\n      - dx-1\\n      - vpn-a\\n      - vpn-b\\n    mode: override\\nHYBRIDCTL_END\\n\\ndnf --quiet --assumeyes install nodejs22\\n\\npackage=\$(mktemp)\\naws s3 cp --only-show-errors --region cn-north-1 s3://tools/hybridctl-0.1.0.tgz \\"\$package\\"\\necho \\"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a  \$package\\" | sha256sum --check --status || { echo 'the package is not the one that was promised: its SHA-256 differs' >&2; exit 1; }\\ntar --extract --gzip --file \\"\$package\\" --directory /opt/hybridctl --strip-components 1 --no-same-owner\\nrm -f \\"\$package\\"\\nchmod 0755 /opt/hybridctl/dist/hybridctl.cjs\\nln -sf /opt/hybridctl/dist/hybridctl.cjs /usr/local/bin/hybridctl\\n\\nhybridctl monitor install --site /etc/hybridctl/hybridctl.yaml --no-heal --yes\\n","ClientToken":"hybridctl-442d74cd56985078"}
JSON
)" --query 'Instances[0].InstanceId' --output text)
aws ec2 wait instance-running --instance-ids "${INSTANCE_UTILITY}"
INSTANCE_UTILITY_ENI=$(aws ec2 describe-instances --instance-ids "${INSTANCE_UTILITY}" --query 'Reservations[0].Instances[0].NetworkInterfaces[0].NetworkInterfaceId' --output text)
