import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { run, type Ran } from '../helpers/run.ts';

const init = (name: string, more = ''): string =>
  `vpn init --name ${name} --region cn-north-1 --vpc-cidr 172.16.0.0/16 --network 10.10.0.0/16 ` +
  `--gateway az=cn-north-1a,private=172.16.1.157,public=203.0.113.11 --router public=198.51.100.77,dialect=ios-vti ${more}`;

const paths = ({ files }: Ran): readonly string[] => Object.keys(files).sort();
const inside = (ran: Ran, folder: string): Ran['files'] =>
  Object.fromEntries(Object.entries(ran.files).filter(([path]) => path.startsWith(`${folder}/`)));

describe('a second site in the folder', async () => {
  const one = await run(init('office'));
  const both = await run(init('branch', '--site branch.yaml'), {
    files: one.files,
    ports: { random: (bytes) => new Uint8Array(bytes).fill(7) },
  });

  test('has folders and keys of its own; the first stays byte for byte', () => {
    expect([both.exit, both.err]).toEqual([0, '']);
    expect(parse(both.files['branch.yaml']!.content)).toMatchObject({
      site: 'branch',
      folder: 'branch',
      tunnels: [{ psk_file: 'psk/branch/vpn1' }],
    });
    expect(paths(both).filter((path) => !paths(one).includes(path) && !/^(rendered|psk)\/branch\//.test(path))).toEqual(
      ['branch.yaml'],
    );
    for (const [path, file] of Object.entries(one.files)) expect(both.files[path], path).toEqual(file);
    expect(both.files['psk/branch/vpn1']!.mode).toBe(0o600);
    expect(both.files['psk/branch/vpn1']!.content).not.toBe(both.files['psk/vpn1']!.content);
    expect(both.files['rendered/branch/rtr-1/rtr-1.ios']!.content).toContain('for site branch');
  });

  test.each([
    ['vpn render', 'hybridctl.yaml', 'rendered/branch'],
    ['vpn render', 'branch.yaml', 'rendered/rtr-1'],
    ['vpn init --crypto cnsa --force', 'hybridctl.yaml', 'rendered/branch'],
    ['vpn init --crypto cnsa --force', 'branch.yaml', 'rendered/rtr-1'],
  ])('%s --site %s leaves %s alone, and knows its own', async (line, file, others) => {
    expect((await run(`vpn render --dry-run --detailed-exitcode --site ${file}`, { files: both.files })).exit).toBe(0);
    const text = both.files[file]!;
    const changed = { ...text, content: text.content.replace('198.51.100.77', '198.51.100.78') };
    const ran = await run(`${line} --site ${file}`, { files: { ...both.files, [file]: changed } });
    expect([ran.exit, ran.err]).toEqual([0, '']);
    expect(inside(ran, others)).toEqual(inside(both, others));
    expect(inside(ran, 'rendered')).not.toEqual(inside(both, 'rendered'));
    for (const [path, { content }] of Object.entries(inside(both, 'psk')))
      expect(ran.files[path]!.content).toBe(content);
  });

  test('a new tunnel keeps to the folder of its site', async () => {
    const ran = await run('vpn init --site branch.yaml --router name=rtr-2,public=198.51.100.99 --force', {
      files: both.files,
    });
    expect(ran.exit, ran.err).toBe(0);
    expect(parse(ran.files['branch.yaml']!.content).tunnels[1]).toMatchObject({ psk_file: 'psk/branch/vpn2' });
    expect(ran.files['psk/branch/vpn2']).toBeDefined();
  });

  test('a ready site likewise', async () => {
    const ran = await run('vpn init --example lab --site lab.yaml', { files: one.files });
    expect(ran.exit, ran.err).toBe(0);
    expect(paths(ran).filter((path) => path.startsWith('psk/demo/'))).toEqual([
      'psk/demo/.gitignore',
      'psk/demo/vpn1',
      'psk/demo/vpn2',
    ]);
    expect(paths(ran)).toContain('rendered/demo/gw-1/etc/swanctl/conf.d/vpn1.conf');
    expect((await run('config validate lab.yaml', { files: ran.files })).exit).toBe(0);
  });
});

describe('what names another site is never written over: exit 5, one line, the way out', async () => {
  const one = await run(init('office'));
  const refused = async (line: string, files: Ran['files']) => {
    const ran = await run(line, { files });
    expect(ran.files, line).toEqual(files);
    return [ran.exit, ran.err];
  };
  const renamed = {
    ...one.files['hybridctl.yaml']!,
    content: one.files['hybridctl.yaml']!.content.replace('site: office', 'site: branch'),
  };

  test.each(['vpn render', 'vpn init', 'vpn render --dialect rtr-1=asa-9.7-vti --dialect gw-1=libreswan'])(
    '%s into a folder of another site',
    async (line) => {
      expect(await refused(line, { ...one.files, 'hybridctl.yaml': renamed })).toEqual([
        5,
        'hybridctl: rendered/.gitignore: is of site office, not of branch: nothing is written\n' +
          '  next: give a folder of its own with -o, or remove rendered if site office is gone\n',
      ]);
    },
  );

  test('a file alone, where an older version wrote the folder', async () => {
    const files = { ...one.files, 'hybridctl.yaml': renamed, 'rendered/.gitignore': { content: '*\n', mode: 0o644 } };
    const way = '  next: give a folder of its own with -o, or remove rendered if site office is gone\n';
    expect(await refused('vpn render', files)).toEqual([
      5,
      `hybridctl: rendered/rtr-1/rtr-1.ios: is of site office, not of branch: nothing is written\n${way}`,
    ]);
    const own = await run('vpn render --out elsewhere', { files });
    expect([own.exit, own.files['elsewhere/rtr-1/rtr-1.ios']?.content]).toEqual([
      0,
      expect.stringContaining('for site branch'),
    ]);
  });

  test('a site file of another name, also by force', async () => {
    for (const line of [init('branch'), init('branch', '--force'), 'vpn init --example lab --force']) {
      const name = line.includes('lab') ? 'demo' : 'branch';
      expect(await refused(line, one.files)).toEqual([
        5,
        `hybridctl: hybridctl.yaml: is of site office, not of ${name}: nothing is written\n  next: give the new site a file of its own: --site ${name}.yaml\n`,
      ]);
    }
  });

  test('a second file of the same site', async () => {
    expect(await refused(init('office', '--site again.yaml'), one.files)).toEqual([
      5,
      'hybridctl: again.yaml: hybridctl.yaml in this folder is site office already: nothing is written\n' +
        '  next: change that one with --site hybridctl.yaml, or give another --name\n',
    ]);
  });

  test('the key that a site left behind is not taken by the next one', async () => {
    const { 'hybridctl.yaml': _, ...left } = one.files;
    const keys = Object.fromEntries(Object.entries(left).filter(([path]) => path.startsWith('psk/')));
    expect(await refused(init('branch'), keys)).toEqual([
      5,
      expect.stringMatching(
        /^hybridctl: psk\/vpn1: is of site office, not of branch: nothing is written\n {2}next: remove psk if/,
      ),
    ]);
    expect((await run(init('office'), { files: keys })).files['psk/vpn1']).toEqual(keys['psk/vpn1']);
  });
});

test('a folder of an older version with one site is read and written as before', async () => {
  const one = await run(init('office'));
  const plain = { content: '*\n', mode: 0o644 };
  const old = { ...one.files, 'rendered/.gitignore': plain, 'psk/.gitignore': plain };
  expect((await run('vpn render --dry-run --detailed-exitcode', { files: old })).exit).toBe(0);
  const changed = await run('vpn init --router name=rtr-1,public=198.51.100.80 --force', { files: old });
  expect([changed.exit, paths(changed)]).toEqual([0, paths(one)]);
});

test.each(['..', '.'])('--out %s: a folder that holds more than our files gets no .gitignore', async (out) => {
  const ran = await run(init('office', `--out ${out} --tunnel gateway=gw-1,router=rtr-1,psk_file=../vpn1`));
  expect([ran.exit, paths(ran).filter((path) => path.endsWith('.gitignore'))]).toEqual([0, []]);
});
