// Start-up: each command beside an empty Node, interleaved, medians; beside the AWS CLI where it is installed.
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { siteSchema } from '../src/lib/domain/site.ts';
import { startCloud } from '../src/lib/cloud/server.ts';
import { interleaved, type Contender } from './measure.ts';

const SITE = 'test/fixtures/lab.yaml';
const ROUNDS = Number(process.argv[2] ?? 25);
/** Times an empty Node. From the issue: version and help at most 1.3, a one-call route command at most 3. */
const LIMITS: Readonly<Record<string, number>> = {
  'hybridctl --version': 1.3,
  'hybridctl --help': 1.3,
  'hybridctl route status': 3,
};

/** A TAB that takes longer than 100 ms is felt; on a slow machine an empty Node alone takes more. */
const TAB = { name: 'hybridctl completion words', mostMs: 100, ratio: 2.5 };

const site = siteSchema.parse(parse(await readFile(SITE, 'utf8')));
const cloud = await startCloud({ site });
const env = {
  AWS_ENDPOINT_URL: cloud.url,
  AWS_ACCESS_KEY_ID: 'lab',
  AWS_SECRET_ACCESS_KEY: 'lab',
  AWS_REGION: site.cloud.region,
  AWS_DEFAULT_REGION: site.cloud.region,
};
const hybridctl = (...args: string[]): Contender => ({
  name: `hybridctl ${args[0]}${args[0]!.startsWith('-') ? '' : ` ${args[1]}`}`,
  file: process.execPath,
  args: ['dist/hybridctl.cjs', ...args],
  env,
});

const contenders: readonly Contender[] = [
  { name: 'node -e 0', file: process.execPath, args: ['-e', '0'] },
  hybridctl('--version'),
  hybridctl('--help'),
  hybridctl('route', 'status', '--site', SITE),
  // Names out of the site file, which a TAB behind --to offers.
  hybridctl('completion', 'words', '--', 'route', 'set', '--site', SITE, '--to', ''),
  ...(spawnSync('aws', ['--version']).status === 0
    ? [
        { name: 'aws --version', file: 'aws', args: ['--version'], env },
        { name: 'aws ec2 describe-route-tables', file: 'aws', args: ['ec2', 'describe-route-tables'], env },
      ]
    : []),
];

const medians = await interleaved(contenders, ROUNDS);
await cloud.close();

console.log(`Start-up, Node ${process.versions.node}, median of ${ROUNDS} interleaved runs\n`);
for (const [index, { name }] of contenders.entries()) {
  const ratio = medians[index]! / medians[0]!;
  const limit = LIMITS[name] ?? (name === TAB.name && medians[index]! > TAB.mostMs ? TAB.ratio : undefined);
  const verdict = limit === undefined ? '' : ratio <= limit ? `within ${limit}` : `OVER ${limit}`;
  console.log(
    `${name.padEnd(32)}${medians[index]!.toFixed(1).padStart(8)} ms${ratio.toFixed(2).padStart(8)} x   ${verdict}`.trimEnd(),
  );
  if (verdict.startsWith('OVER')) process.exitCode = 1;
}
