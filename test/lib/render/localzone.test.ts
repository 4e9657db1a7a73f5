import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { siteSchema } from '../../../src/lib/domain/site.ts';
import { renderUtilityUserData } from '../../../src/lib/render/localzone/user-data.ts';
import { utilitySite } from '../../../src/lib/site/utility.ts';
import { fixture } from '../../helpers/cloud.ts';

const SITE = fixture('lab').replace(
  'links: [dx-1, vpn-a, vpn-b] }',
  'links: [dx-1, vpn-a, vpn-b], mode: override } # my secret note',
);
const render = (url: string, sha256: string) =>
  renderUtilityUserData({ site: 'demo', region: 'cn-north-1', siteFile: utilitySite(SITE).text, url, sha256 });

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

/** A host in a folder: its programs are stubs that note their call, its paths are below the folder. */
const host = () => {
  const root = mkdtempSync(join(tmpdir(), 'hybridctl-'));
  folders.push(root);
  const [stubs, tree] = [join(root, 'stubs'), join(root, 'package/dist')];
  for (const folder of [stubs, tree]) mkdirSync(folder, { recursive: true });
  const write = (path: string, text: string) => {
    writeFileSync(path, text);
    chmodSync(path, 0o755);
  };
  write(join(tree, 'hybridctl.cjs'), `#!/bin/sh\necho "hybridctl $*" >> ${root}/calls\n`);
  const packed = join(root, 'package.tgz');
  execFileSync('tar', ['-czf', packed, '-C', root, 'package']);
  write(join(stubs, 'dnf'), `#!/bin/sh\necho "dnf $*" >> ${root}/calls\n`);
  write(
    join(stubs, 'aws'),
    `#!/bin/sh\necho "aws $1 $2 $6" >> ${root}/calls\nfor last; do :; done\ncp ${packed} "$last"\n`,
  );
  write(
    join(stubs, 'curl'),
    `#!/bin/sh\nfor last; do :; done\necho "curl $last" >> ${root}/calls\nwhile [ "$1" != --output ]; do shift; done\ncp ${packed} "$2"\n`,
  );
  const sha256 = createHash('sha256').update(readFileSync(packed)).digest('hex');
  const boot = (script: string) =>
    execFileSync('sh', ['-c', script.replace(/\/(etc\/hybridctl|opt\/hybridctl|usr\/local\/bin)/g, `${root}/$1`)], {
      env: { PATH: `${stubs}:${process.env['PATH']}`, TMPDIR: root },
      stdio: 'pipe',
    });
  return { root, sha256, boot, calls: () => readFileSync(join(root, 'calls'), 'utf8').trim().split('\n') };
};

describe('user data of the utility instance', () => {
  it.each([
    ['s3://tools/hybridctl-0.1.0.tgz', 'aws s3 cp s3://tools/hybridctl-0.1.0.tgz'],
    ['https://example.com/hybridctl-0.1.0.tgz', 'curl https://example.com/hybridctl-0.1.0.tgz'],
  ])('sets up the monitor with the package of %s', (url, fetched) => {
    const { root, sha256, boot, calls } = host();
    boot(render(url, sha256));
    expect(calls()).toEqual([
      'dnf --quiet --assumeyes install nodejs22',
      fetched,
      `hybridctl monitor install --site ${root}/etc/hybridctl/hybridctl.yaml --no-heal --yes`,
    ]);
    const { route_tables: tables } = siteSchema.parse(
      parse(readFileSync(join(root, 'etc/hybridctl/hybridctl.yaml'), 'utf8')),
    );
    expect(tables.map(({ name, mode }) => [name, mode])).toEqual([['private-1', 'override']]);
  });

  it('installs nothing that is not the package that was promised', () => {
    const { root, boot, calls } = host();
    expect(() => boot(render('s3://tools/x.tgz', '0'.repeat(64)))).toThrow('SHA-256');
    expect([calls().length, existsSync(join(root, 'opt/hybridctl/dist'))]).toEqual([2, false]);
  });

  it('is as it was', async () => {
    const text = render('s3://tools/hybridctl-0.1.0.tgz', '0a'.repeat(32));
    expect(text).not.toContain('secret');
    await expect(text).toMatchFileSnapshot('../../golden/localzone/user-data.sh');
    execFileSync('sh', ['-n'], { input: text });
  });
});

describe('the site file of the utility instance', () => {
  it('leaves out a sink whose key would have to travel', () => {
    const { text, lacks } = utilitySite(
      `${SITE}monitor: { records: { metrics_port: 9100, elasticsearch: { url: 'https://search.example.com', api_key_file: keys/search } } }\n`,
    );
    expect([siteSchema.parse(parse(text)).monitor?.records, lacks.length]).toEqual([{ metrics_port: 9100 }, 1]);
    expect(text).not.toContain('keys/search');
  });
});
