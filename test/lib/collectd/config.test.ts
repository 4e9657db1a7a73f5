import { describe, expect, test } from 'vitest';
import {
  lineDiff,
  mendEndpoint,
  settingIn,
  withAgentCredentials,
  withInclude,
} from '../../../src/lib/domain/collectd/config.ts';
import { chooseSender, heartbeat, senderPolicy } from '../../../src/lib/domain/collectd/policy.ts';

describe("the plugin's endpoint in China", () => {
  test.each([
    [
      'self.endpoint = "https://monitoring." + self.region + ".amazonaws.com/"',
      'self.endpoint = "https://monitoring." + self.region + (".amazonaws.com.cn/" if self.region.startswith("cn-") else ".amazonaws.com/")',
    ],
    [
      "return 'monitoring.' + self.region + '.amazonaws.com'",
      'return \'monitoring.\' + self.region + (".amazonaws.com.cn" if self.region.startswith("cn-") else ".amazonaws.com")',
    ],
  ])('%s', (before, after) => {
    expect(mendEndpoint(before)).toBe(after);
    expect(mendEndpoint(after), 'once is enough').toBe(after);
  });
  test('a version that knows of China is left; one that builds no address is not taken for fixed', () => {
    expect(mendEndpoint('a ".amazonaws.com.cn/" + ".amazonaws.com/"')).toBe(
      'a ".amazonaws.com.cn/" + ".amazonaws.com/"',
    );
    expect(mendEndpoint('endpoint = "http://localhost/"')).toBeUndefined();
  });
});

test('collectd.conf gets one line, once, at its end', () => {
  expect(withInclude('LoadPlugin cpu', '/a')).toBe('LoadPlugin cpu\nInclude "/a"\n');
  expect(withInclude('LoadPlugin cpu\nInclude "/a"\n', '/a')).toBe('LoadPlugin cpu\nInclude "/a"\n');
  expect(withInclude(undefined, '/a')).toContain('LoadPlugin syslog\nInclude "/a"\n');
});

test.each([
  ['PIDFile "/run/a.pid"\n', '/run/a.pid'],
  ['#PIDFile "/x"\n  pidfile   /run/b.pid\r\n', '/run/b.pid'],
  ['# nothing\n', undefined],
  ['PIDFile "/run/a.pid"\nPIDFile /run/b.pid # the last counts\n', '/run/b.pid'],
  [
    '<Plugin "x">\n  <Node>\n    PIDFile "/of/the/plugin"\n  </Node>\n</Plugin>\nPIDFile "/run/c.pid"\n<Plugin y>\nPIDFile "/y"\n</Plugin>',
    '/run/c.pid',
  ],
])('the PID file of %j', (text, path) => expect(settingIn(text, 'PIDFile')).toBe(path));

test('a difference names the lines that go and come', () => {
  expect(lineDiff('a\nb\n', 'b\nc\n')).toEqual(['- a', '+ c']);
  expect(lineDiff('a\nb\n', 'b\na\n')).toEqual([]);
});

test.each([
  [{ agent: true, python: true }, 'agent'],
  [{ agent: false, python: true }, 'python'],
  [{ agent: false, python: false }, undefined],
] as const)('%o: %s', (choice, sender) => expect(chooseSender(choice)).toBe(sender));

test('a role may publish to its namespace, and see its tags where the plugin asks for them', () => {
  expect(senderPolicy('agent').Statement).toEqual([
    {
      Sid: 'Publish',
      Effect: 'Allow',
      Action: ['cloudwatch:PutMetricData'],
      Resource: ['*'],
      Condition: { StringEquals: { 'cloudwatch:namespace': 'CWAgent' } },
    },
  ]);
  expect(senderPolicy('python').Statement.flatMap(({ Action }) => Action)).toEqual([
    'cloudwatch:PutMetricData',
    'ec2:DescribeTags',
  ]);
  expect(heartbeat('python', 'i-1')).toMatchObject({ Namespace: 'collectd', MetricName: 'uptime.uptime' });
});

test.each([
  ['none', undefined, '[credentials]\n  shared_credential_profile = "default"\n  shared_credential_file = "/k"\n'],
  [
    'all of it comments, as it is packaged',
    '# [credentials]\n#    shared_credential_file = "{file_name}"\n\n',
    '# [credentials]\n#    shared_credential_file = "{file_name}"\n\n[credentials]\n  shared_credential_profile = "default"\n  shared_credential_file = "/k"\n',
  ],
  [
    'a proxy alone',
    '[proxy]\n  http_proxy = "http://p"',
    '[proxy]\n  http_proxy = "http://p"\n\n[credentials]\n  shared_credential_profile = "default"\n  shared_credential_file = "/k"\n',
  ],
  ["somebody else's", ' [credentials]\n  shared_credential_file = "/other"\n', undefined],
])("the agent's common-config.toml: %s", (_, before, after) => {
  const once = withAgentCredentials(before, '/k');
  expect(once).toBe(after);
  if (once !== undefined) expect(withAgentCredentials(once, '/k')).toBe(once);
});
