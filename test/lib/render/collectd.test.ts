import { expect, test } from 'vitest';
import { renderAgentConf } from '../../../src/lib/render/collectd/index.ts';

/**
 * The agent's configuration as its schema takes it (translator/config/schema.json of aws/amazon-cloudwatch-agent, of
 * 2026-08): the golden file was held against that by a validator. Fields beside these it refuses.
 */
test("the agent's file", async () => {
  await expect(renderAgentConf({ region: 'cn-north-1', flush: 10, debug: true })).toMatchFileSnapshot(
    '../../golden/collectd/amazon-cloudwatch-agent.json',
  );
});
