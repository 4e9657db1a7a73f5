import { att, either, NOTHING, ref, tags, type Resources } from './words.ts';

/** The load balancer: an application load balancer, or the field document's classic one across both zones. */
export const balancerResources = (): Resources => ({
  BalancerSecurityGroup: {
    Type: 'AWS::EC2::SecurityGroup',
    Condition: 'HasBalancer',
    Properties: {
      GroupDescription: 'Load balancer: HTTP from anywhere',
      VpcId: ref('Vpc'),
      SecurityGroupIngress: [{ IpProtocol: 'tcp', FromPort: 80, ToPort: 80, CidrIp: '0.0.0.0/0', Description: 'HTTP' }],
      Tags: tags('balancer'),
    },
  },
  ApplicationBalancer: {
    Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer',
    Condition: 'HasAlb',
    DependsOn: 'PublicDefaultRoute',
    Properties: {
      Type: 'application',
      Scheme: 'internet-facing',
      Subnets: [ref('PublicSubnet1'), ref('PublicSubnet2')],
      SecurityGroups: [att('BalancerSecurityGroup', 'GroupId')],
      Tags: tags('balancer'),
    },
  },
  WebTargets: {
    Type: 'AWS::ElasticLoadBalancingV2::TargetGroup',
    Condition: 'HasAlb',
    Properties: {
      VpcId: ref('Vpc'),
      Protocol: 'HTTP',
      Port: 80,
      TargetType: 'instance',
      HealthCheckPath: '/',
      Targets: either('HasWeb', [{ Id: ref('WebServer'), Port: 80 }], NOTHING),
      Tags: tags('web'),
    },
  },
  HttpListener: {
    Type: 'AWS::ElasticLoadBalancingV2::Listener',
    Condition: 'HasAlb',
    Properties: {
      LoadBalancerArn: ref('ApplicationBalancer'),
      Protocol: 'HTTP',
      Port: 80,
      // No Tags: regions whose schema of the listener has none refuse the whole template (cfn-lint E3002).
      DefaultActions: [{ Type: 'forward', TargetGroupArn: ref('WebTargets') }],
    },
  },
  ClassicBalancer: {
    Type: 'AWS::ElasticLoadBalancing::LoadBalancer',
    Condition: 'HasElb',
    DependsOn: 'PublicDefaultRoute',
    Properties: {
      CrossZone: true,
      Scheme: 'internet-facing',
      Subnets: [ref('PublicSubnet1'), ref('PublicSubnet2')],
      SecurityGroups: [att('BalancerSecurityGroup', 'GroupId')],
      Listeners: [{ Protocol: 'HTTP', LoadBalancerPort: '80', InstanceProtocol: 'HTTP', InstancePort: '80' }],
      HealthCheck: { Target: 'HTTP:80/', Interval: '30', Timeout: '5', HealthyThreshold: '2', UnhealthyThreshold: '3' },
      Instances: either('HasWeb', [ref('WebServer')], NOTHING),
      Tags: tags('balancer'),
    },
  },
});
