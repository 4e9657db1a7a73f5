import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { aliyunApi } from '../../src/lib/adapters/aliyun/api.ts';
import { writeDcp } from '../helpers/dcp.ts';
import { faulty, FAULTS } from '../helpers/faulty.ts';
import { BUCKET, faasWorld } from '../helpers/fpga-aliyun.ts';
import { fpgaWorld } from '../helpers/fpga.ts';

const AFI = 'afi-09953582f46c45b17';
/** Every command that reads or writes S3 or an API of AWS, as a user types it. */
const AWS = [
  'fpga upload a.tar --bucket dcp',
  'fpga upload a.tar --bucket dcp --create',
  'fpga create a.tar --bucket dcp',
  'fpga objects --bucket dcp',
  'fpga get logs/a.log --bucket dcp --output a.log',
  'fpga uploads --bucket dcp',
  'fpga uploads --bucket dcp --abort --yes',
  'fpga list',
  `fpga describe ${AFI}`,
  `fpga share ${AFI} --account 210987654321 --yes`,
  `fpga delete ${AFI} --yes`,
  'events init --name shop --region cn-north-1 --mail ops@example.com --yes',
  'events status --name shop --region cn-north-1',
  'events emit --name shop --region cn-north-1 --level Red',
  'events destroy --name shop --region cn-north-1 --yes',
  'alarm create --set gateways --mail ops@example.com --yes',
  'alarm list',
  'alarm delete --all --yes',
  'network create --name office --region cn-north-1 --yes',
  'network status --name office --region cn-north-1',
  'network destroy --name office --region cn-north-1 --yes',
  'vpn destroy --yes',
  'route status',
  'route failover --no-check --yes',
];
const ALIYUN = [
  `upload filter.gbs --bucket ${BUCKET}`,
  `objects --bucket ${BUCKET}`,
  `get logs/a.log --bucket ${BUCKET} --output a.log`,
  `uploads --bucket ${BUCKET}`,
  'list',
  `auth --bucket ${BUCKET} --yes`,
  'policy list',
  'policy delete --yes',
];

/** Neither "ok" nor a result; and what came is saved nowhere. */
const refused = (ran: { readonly exit: number; readonly out: string; readonly err: string }, folder: string): string =>
  ran.exit !== 0 && ran.exit !== 2 && ran.exit !== 70 && !existsSync(join(folder, 'a.log'))
    ? 'refused'
    : `exit ${ran.exit}: ${ran.out}${ran.err}`;

describe.each(FAULTS)('in place of the service: %s', { timeout: 120_000 }, (fault) => {
  it('no command of AWS takes it for an answer', async () => {
    const { cloud, folder, run } = await fpgaWorld();
    await writeDcp(join(folder, 'a.tar'));
    vi.stubEnv('AWS_ENDPOINT_URL', await faulty(fault));
    const said: Record<string, string> = {};
    for (const line of AWS)
      said[line] = refused(line.startsWith('fpga ') ? await run(line.slice(5)) : await cloud.run(line), folder);
    expect(Object.entries(said).filter(([, word]) => word !== 'refused')).toEqual([]);
  });

  it('no command of Alibaba Cloud takes it for an answer', async () => {
    const { folder, run } = await faasWorld();
    vi.stubEnv('ALIBABA_CLOUD_ENDPOINT_URL', await faulty(fault));
    const said: Record<string, string> = {};
    for (const line of ALIYUN) said[line] = refused(await run(line, { ports: { aliyun: aliyunApi } }), folder);
    expect(Object.entries(said).filter(([, word]) => word !== 'refused')).toEqual([]);
  });
});
