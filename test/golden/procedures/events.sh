#!/bin/sh
# the health events of shop
set -eu
export AWS_DEFAULT_REGION=cn-north-1

# AWS account: 123456789012 is there

# role hybridctl-shop-debugger
ROLE_DEBUGGER=$(aws iam create-role --cli-input-json '{"RoleName":"hybridctl-shop-debugger","AssumeRolePolicyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"lambda.amazonaws.com\"},\"Action\":[\"sts:AssumeRole\"]}]}","Description":"hybridctl: function for Yellow health reports of shop","Tags":[{"Key":"Name","Value":"shop-role-debugger"},{"Key":"hybridctl:site","Value":"shop"},{"Key":"hybridctl:key","Value":"role/debugger"}]}' --query Role.RoleName --output text)

# policy hybridctl-shop-debugger
aws iam put-role-policy --cli-input-json "$(cat <<JSON
{"RoleName":"${ROLE_DEBUGGER}","PolicyName":"hybridctl-shop-debugger","PolicyDocument":"{\\"Version\\":\\"2012-10-17\\",\\"Statement\\":[{\\"Sid\\":\\"Log\\",\\"Effect\\":\\"Allow\\",\\"Action\\":[\\"logs:CreateLogStream\\",\\"logs:PutLogEvents\\"],\\"Resource\\":[\\"arn:aws-cn:logs:cn-north-1:123456789012:log-group:/aws/lambda/SampleAppDebugger:*\\"]},{\\"Sid\\":\\"LogGroup\\",\\"Effect\\":\\"Allow\\",\\"Action\\":[\\"logs:CreateLogGroup\\"],\\"Resource\\":[\\"arn:aws-cn:logs:cn-north-1:123456789012:log-group:/aws/lambda/SampleAppDebugger\\"]}]}"}
JSON
)"

# function SampleAppDebugger
zip=$(mktemp)
base64 -d > "$zip" <<'ZIP'
UEsDBBQAAAAAAAAAIQDPeWXpdwUAAHcFAAAIAAAAaW5kZXguanMndXNlIHN0cmljdCc7CgovLyBD
YWxsZWQgZm9yIGVhY2ggWWVsbG93IHJlcG9ydDogYW4gYXBwbGljYXRpb24gZmFpbGVkIGEgaGVh
bHRoIGNoZWNrIGFuZCBpcyBub3QgZG93biB5ZXQuIFdyaXRlcyBvbmUgbGluZSBvZiBKU09OIHRo
YXQKLy8gTG9ncyBJbnNpZ2h0cyBjYW4gc2VhcmNoLCB3aXRoIHdoYXQgdGhlIHJlcG9ydCBzYXlz
IGFuZCB3aGF0IHRvIGxvb2sgYXQgbmV4dC4KCmNvbnN0IHRleHQgPSAodmFsdWUpID0+ICh0eXBl
b2YgdmFsdWUgPT09ICdzdHJpbmcnICYmIHZhbHVlICE9PSAnJyA/IHZhbHVlIDogdW5kZWZpbmVk
KTsKCmNvbnN0IGxvb2tBdCA9ICh7IGNoZWNrLCBlcnJvciB9KSA9PiB7CiAgY29uc3Qgd29yZCA9
IGAke3RleHQoY2hlY2spIHx8ICcnfSAke3RleHQoZXJyb3IpIHx8ICcnfWAudG9Mb3dlckNhc2Uo
KTsKICBpZiAoL3RpbWV8c2xvd3xsYXRlbmN5Ly50ZXN0KHdvcmQpKSByZXR1cm4gJ2xvYWQgb2Yg
dGhlIGluc3RhbmNlLCBhbmQgb2Ygd2hhdCBpdCBjYWxscyc7CiAgaWYgKC9yZWZ1c2VkfHVucmVh
Y2hhYmxlfGNvbm5lY3QvLnRlc3Qod29yZCkpIHJldHVybiAnd2hldGhlciB0aGUgcHJvY2VzcyBs
aXN0ZW5zLCBhbmQgdGhlIHNlY3VyaXR5IGdyb3VwIGluIGZyb250IG9mIGl0JzsKICBpZiAoL2Rp
c2t8c3BhY2V8bWVtb3J5fG9vbS8udGVzdCh3b3JkKSkgcmV0dXJuICdkaXNrIGFuZCBtZW1vcnkg
b2YgdGhlIGluc3RhbmNlJzsKICByZXR1cm4gJ2xvZyBvZiB0aGUgYXBwbGljYXRpb24gYXQgdGhl
IHRpbWUgb2YgdGhlIHJlcG9ydCc7Cn07CgpleHBvcnRzLmhhbmRsZXIgPSBhc3luYyAoZXZlbnQp
ID0+IHsKICBjb25zdCBkZXRhaWwgPSBldmVudCAmJiBldmVudC5kZXRhaWw7CiAgaWYgKCFkZXRh
aWwgfHwgdHlwZW9mIGRldGFpbCAhPT0gJ29iamVjdCcgfHwgIXRleHQoZGV0YWlsLnN0YXR1cykp
IHRocm93IG5ldyBFcnJvcigndGhlIGV2ZW50IGhhcyBubyBkZXRhaWwuc3RhdHVzOiBpdCBpcyBu
byBoZWFsdGggcmVwb3J0Jyk7CiAgY29uc3QgZmluZGluZyA9IHsKICAgIGxldmVsOiAnd2Fybics
CiAgICByZXBvcnQ6IGV2ZW50LmlkLAogICAgYXQ6IGV2ZW50LnRpbWUsCiAgICBhcHBsaWNhdGlv
bjogdGV4dChkZXRhaWwuYXBwbGljYXRpb24pIHx8IGV2ZW50LnNvdXJjZSwKICAgIGluc3RhbmNl
OiB0ZXh0KGRldGFpbC5pbnN0YW5jZSkgfHwgJ3Vua25vd24nLAogICAgc3RhdHVzOiBkZXRhaWwu
c3RhdHVzLAogICAgY2hlY2s6IHRleHQoZGV0YWlsLmNoZWNrKSB8fCAndW5rbm93bicsCiAgICBl
cnJvcjogdGV4dChkZXRhaWwuZXJyb3IpIHx8ICcnLAogICAgbG9va0F0OiBsb29rQXQoZGV0YWls
KSwKICB9OwogIGNvbnNvbGUubG9nKEpTT04uc3RyaW5naWZ5KGZpbmRpbmcpKTsKICByZXR1cm4g
ZmluZGluZzsKfTsKUEsBAhQDFAAAAAAAAAAhAM95Zel3BQAAdwUAAAgAAAAAAAAAAAAAAKQBAAAA
AGluZGV4LmpzUEsFBgAAAAABAAEANgAAAJ0FAAAAAA==
ZIP
FUNCTION_DEBUGGER=$(aws lambda create-function --cli-input-json "$(cat <<JSON
{"FunctionName":"SampleAppDebugger","Runtime":"nodejs22.x","Handler":"index.handler","Role":"arn:aws-cn:iam::123456789012:role/${ROLE_DEBUGGER}","Description":"hybridctl: looks into Yellow health reports of shop","Timeout":10,"MemorySize":128,"Tags":{"Name":"shop-function-debugger","hybridctl:site":"shop","hybridctl:key":"function/debugger"}}
JSON
)" --zip-file "fileb://$zip" --query FunctionArn --output text)
rm -f "$zip"

# topic RedHealthNotifier
TOPIC_RED=$(aws sns create-topic --cli-input-json '{"Name":"RedHealthNotifier","Tags":[{"Key":"Name","Value":"shop-topic-red"},{"Key":"hybridctl:site","Value":"shop"},{"Key":"hybridctl:key","Value":"topic/red"}]}' --query TopicArn --output text)

# mail to ops@example.com
aws sns subscribe --cli-input-json "$(cat <<JSON
{"TopicArn":"${TOPIC_RED}","Protocol":"email","Endpoint":"ops@example.com"}
JSON
)"

# queue ReportInspectionQueue
aws sqs create-queue --cli-input-json '{"QueueName":"ReportInspectionQueue","tags":{"Name":"shop-queue-inspection","hybridctl:site":"shop","hybridctl:key":"queue/inspection"}}'
QUEUE_INSPECTION_URL=$(aws sqs get-queue-url --queue-name ReportInspectionQueue --query QueueUrl --output text)
QUEUE_INSPECTION=$(aws sqs get-queue-attributes --queue-url "${QUEUE_INSPECTION_URL}" --attribute-names QueueArn --query Attributes.QueueArn --output text)

# rule myCustomHealthStatusGreen
RULE_GREEN=$(aws events put-rule --cli-input-json '{"Name":"myCustomHealthStatusGreen","Description":"Health reports that need nothing done: counted only","EventPattern":"{\"source\":[\"hybridctl.shop\"],\"detail-type\":[\"myCustomHealthStatus\"],\"detail\":{\"status\":[\"Green\"]}}","State":"ENABLED","Tags":[{"Key":"Name","Value":"shop-rule-green"},{"Key":"hybridctl:site","Value":"shop"},{"Key":"hybridctl:key","Value":"rule/green"}]}' --query RuleArn --output text)

# rule myCustomHealthStatusYellow
RULE_YELLOW=$(aws events put-rule --cli-input-json '{"Name":"myCustomHealthStatusYellow","Description":"Health reports of a failed check: to the function that looks into them","EventPattern":"{\"source\":[\"hybridctl.shop\"],\"detail-type\":[\"myCustomHealthStatus\"],\"detail\":{\"status\":[\"Yellow\"]}}","State":"ENABLED","Tags":[{"Key":"Name","Value":"shop-rule-yellow"},{"Key":"hybridctl:site","Value":"shop"},{"Key":"hybridctl:key","Value":"rule/yellow"}]}' --query RuleArn --output text)

# rule yellow may call function debugger
aws lambda add-permission --cli-input-json "$(cat <<JSON
{"FunctionName":"${FUNCTION_DEBUGGER}","StatementId":"hybridctl-yellow","Action":"lambda:InvokeFunction","Principal":"events.amazonaws.com","SourceArn":"${RULE_YELLOW}"}
JSON
)"

# targets of rule myCustomHealthStatusYellow
aws events put-targets --cli-input-json "$(cat <<JSON
{"Rule":"myCustomHealthStatusYellow","Targets":[{"Id":"debugger","Arn":"${FUNCTION_DEBUGGER}"}]}
JSON
)"

# rule myCustomHealthStatusRed
RULE_RED=$(aws events put-rule --cli-input-json '{"Name":"myCustomHealthStatusRed","Description":"Health reports of a server that is down: to people and into the inspection queue","EventPattern":"{\"source\":[\"hybridctl.shop\"],\"detail-type\":[\"myCustomHealthStatus\"],\"detail\":{\"status\":[\"Red\"]}}","State":"ENABLED","Tags":[{"Key":"Name","Value":"shop-rule-red"},{"Key":"hybridctl:site","Value":"shop"},{"Key":"hybridctl:key","Value":"rule/red"}]}' --query RuleArn --output text)

# who may publish to topic red
aws sns set-topic-attributes --cli-input-json "$(cat <<JSON
{"TopicArn":"${TOPIC_RED}","AttributeName":"Policy","AttributeValue":"{\\"Version\\":\\"2012-10-17\\",\\"Statement\\":[{\\"Sid\\":\\"Owner\\",\\"Effect\\":\\"Allow\\",\\"Principal\\":{\\"AWS\\":\\"arn:aws-cn:iam::123456789012:root\\"},\\"Action\\":[\\"sns:GetTopicAttributes\\",\\"sns:SetTopicAttributes\\",\\"sns:DeleteTopic\\",\\"sns:Subscribe\\",\\"sns:ListSubscriptionsByTopic\\",\\"sns:Publish\\"],\\"Resource\\":[\\"${TOPIC_RED}\\"]},{\\"Sid\\":\\"Events\\",\\"Effect\\":\\"Allow\\",\\"Principal\\":{\\"Service\\":\\"events.amazonaws.com\\"},\\"Action\\":[\\"sns:Publish\\"],\\"Resource\\":[\\"${TOPIC_RED}\\"]}]}"}
JSON
)"

# who may send to queue inspection
aws sqs set-queue-attributes --cli-input-json "$(cat <<JSON
{"QueueUrl":"${QUEUE_INSPECTION_URL}","Attributes":{"Policy":"{\\"Version\\":\\"2012-10-17\\",\\"Statement\\":[{\\"Sid\\":\\"Events\\",\\"Effect\\":\\"Allow\\",\\"Principal\\":{\\"Service\\":\\"events.amazonaws.com\\"},\\"Action\\":[\\"sqs:SendMessage\\"],\\"Resource\\":[\\"${QUEUE_INSPECTION}\\"],\\"Condition\\":{\\"ArnEquals\\":{\\"aws:SourceArn\\":\\"${RULE_RED}\\"}}}]}"}}
JSON
)"

# targets of rule myCustomHealthStatusRed
aws events put-targets --cli-input-json "$(cat <<JSON
{"Rule":"myCustomHealthStatusRed","Targets":[{"Id":"people","Arn":"${TOPIC_RED}"},{"Id":"inspection","Arn":"${QUEUE_INSPECTION}"}]}
JSON
)"
