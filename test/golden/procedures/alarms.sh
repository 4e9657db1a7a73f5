#!/bin/sh
# the alarms of demo
set -eu
export AWS_DEFAULT_REGION=cn-north-1

# AWS account: 123456789012 is there

# topic hybridctl-demo-alarms
TOPIC_ALARMS=$(aws sns create-topic --cli-input-json '{"Name":"hybridctl-demo-alarms","Tags":[{"Key":"Name","Value":"demo-topic-alarms"},{"Key":"hybridctl:site","Value":"demo"},{"Key":"hybridctl:key","Value":"topic/alarms"}]}' --query TopicArn --output text)

# mail to ops@example.com
aws sns subscribe --cli-input-json "$(cat <<JSON
{"TopicArn":"${TOPIC_ALARMS}","Protocol":"email","Endpoint":"ops@example.com"}
JSON
)"

# instance of gw-1: i-0e1466e8a5dd4892c is there

# instance of gw-2: i-0430fe110cdec5835 is there

# alarm gw-1-system: Maximum StatusCheckFailed_System >= 1 for 2 x 60 s
aws cloudwatch put-metric-alarm --cli-input-json "$(cat <<JSON
{"AlarmName":"hybridctl-demo-gw-1-system","AlarmDescription":"gw-1: its hardware or network is broken","Namespace":"AWS/EC2","MetricName":"StatusCheckFailed_System","Dimensions":[{"Name":"InstanceId","Value":"i-0e1466e8a5dd4892c"}],"Statistic":"Maximum","Period":60,"EvaluationPeriods":2,"DatapointsToAlarm":2,"Threshold":1,"ComparisonOperator":"GreaterThanOrEqualToThreshold","TreatMissingData":"missing","ActionsEnabled":true,"AlarmActions":["arn:aws-cn:automate:cn-north-1:ec2:recover","${TOPIC_ALARMS}"],"OKActions":["${TOPIC_ALARMS}"],"Tags":[{"Key":"Name","Value":"demo-alarm-gw-1-system"},{"Key":"hybridctl:site","Value":"demo"},{"Key":"hybridctl:key","Value":"alarm/gw-1-system"}]}
JSON
)"

# alarm gw-1-instance: Maximum StatusCheckFailed_Instance >= 1 for 3 x 60 s
aws cloudwatch put-metric-alarm --cli-input-json "$(cat <<JSON
{"AlarmName":"hybridctl-demo-gw-1-instance","AlarmDescription":"gw-1: the instance does not answer","Namespace":"AWS/EC2","MetricName":"StatusCheckFailed_Instance","Dimensions":[{"Name":"InstanceId","Value":"i-0e1466e8a5dd4892c"}],"Statistic":"Maximum","Period":60,"EvaluationPeriods":3,"DatapointsToAlarm":3,"Threshold":1,"ComparisonOperator":"GreaterThanOrEqualToThreshold","TreatMissingData":"missing","ActionsEnabled":true,"AlarmActions":["arn:aws-cn:automate:cn-north-1:ec2:reboot","${TOPIC_ALARMS}"],"OKActions":["${TOPIC_ALARMS}"],"Tags":[{"Key":"Name","Value":"demo-alarm-gw-1-instance"},{"Key":"hybridctl:site","Value":"demo"},{"Key":"hybridctl:key","Value":"alarm/gw-1-instance"}]}
JSON
)"

# alarm gw-1-cpu: Average CPUUtilization >= 80 for 3 x 300 s
aws cloudwatch put-metric-alarm --cli-input-json "$(cat <<JSON
{"AlarmName":"hybridctl-demo-gw-1-cpu","AlarmDescription":"gw-1: its processor is full, packets will be lost","Namespace":"AWS/EC2","MetricName":"CPUUtilization","Dimensions":[{"Name":"InstanceId","Value":"i-0e1466e8a5dd4892c"}],"Statistic":"Average","Period":300,"EvaluationPeriods":3,"DatapointsToAlarm":3,"Threshold":80,"ComparisonOperator":"GreaterThanOrEqualToThreshold","TreatMissingData":"missing","ActionsEnabled":true,"AlarmActions":["${TOPIC_ALARMS}"],"OKActions":["${TOPIC_ALARMS}"],"Tags":[{"Key":"Name","Value":"demo-alarm-gw-1-cpu"},{"Key":"hybridctl:site","Value":"demo"},{"Key":"hybridctl:key","Value":"alarm/gw-1-cpu"}]}
JSON
)"

# alarm gw-2-system: Maximum StatusCheckFailed_System >= 1 for 2 x 60 s
aws cloudwatch put-metric-alarm --cli-input-json "$(cat <<JSON
{"AlarmName":"hybridctl-demo-gw-2-system","AlarmDescription":"gw-2: its hardware or network is broken","Namespace":"AWS/EC2","MetricName":"StatusCheckFailed_System","Dimensions":[{"Name":"InstanceId","Value":"i-0430fe110cdec5835"}],"Statistic":"Maximum","Period":60,"EvaluationPeriods":2,"DatapointsToAlarm":2,"Threshold":1,"ComparisonOperator":"GreaterThanOrEqualToThreshold","TreatMissingData":"missing","ActionsEnabled":true,"AlarmActions":["arn:aws-cn:automate:cn-north-1:ec2:recover","${TOPIC_ALARMS}"],"OKActions":["${TOPIC_ALARMS}"],"Tags":[{"Key":"Name","Value":"demo-alarm-gw-2-system"},{"Key":"hybridctl:site","Value":"demo"},{"Key":"hybridctl:key","Value":"alarm/gw-2-system"}]}
JSON
)"

# alarm gw-2-instance: Maximum StatusCheckFailed_Instance >= 1 for 3 x 60 s
aws cloudwatch put-metric-alarm --cli-input-json "$(cat <<JSON
{"AlarmName":"hybridctl-demo-gw-2-instance","AlarmDescription":"gw-2: the instance does not answer","Namespace":"AWS/EC2","MetricName":"StatusCheckFailed_Instance","Dimensions":[{"Name":"InstanceId","Value":"i-0430fe110cdec5835"}],"Statistic":"Maximum","Period":60,"EvaluationPeriods":3,"DatapointsToAlarm":3,"Threshold":1,"ComparisonOperator":"GreaterThanOrEqualToThreshold","TreatMissingData":"missing","ActionsEnabled":true,"AlarmActions":["arn:aws-cn:automate:cn-north-1:ec2:reboot","${TOPIC_ALARMS}"],"OKActions":["${TOPIC_ALARMS}"],"Tags":[{"Key":"Name","Value":"demo-alarm-gw-2-instance"},{"Key":"hybridctl:site","Value":"demo"},{"Key":"hybridctl:key","Value":"alarm/gw-2-instance"}]}
JSON
)"

# alarm gw-2-cpu: Average CPUUtilization >= 80 for 3 x 300 s
aws cloudwatch put-metric-alarm --cli-input-json "$(cat <<JSON
{"AlarmName":"hybridctl-demo-gw-2-cpu","AlarmDescription":"gw-2: its processor is full, packets will be lost","Namespace":"AWS/EC2","MetricName":"CPUUtilization","Dimensions":[{"Name":"InstanceId","Value":"i-0430fe110cdec5835"}],"Statistic":"Average","Period":300,"EvaluationPeriods":3,"DatapointsToAlarm":3,"Threshold":80,"ComparisonOperator":"GreaterThanOrEqualToThreshold","TreatMissingData":"missing","ActionsEnabled":true,"AlarmActions":["${TOPIC_ALARMS}"],"OKActions":["${TOPIC_ALARMS}"],"Tags":[{"Key":"Name","Value":"demo-alarm-gw-2-cpu"},{"Key":"hybridctl:site","Value":"demo"},{"Key":"hybridctl:key","Value":"alarm/gw-2-cpu"}]}
JSON
)"
