import { describe, expect, it, test } from 'vitest';
import { bucketPolicy } from '../../../src/lib/domain/s3/policy.ts';
import {
  engineOf,
  fstabLineAt,
  mountAt,
  mountUnitName,
  parseMountinfo,
  withFstabLine,
} from '../../../src/lib/domain/s3/mounts.ts';
import { mountSchema, type MountSpec } from '../../../src/lib/domain/s3/spec.ts';
import { bootUnit, fstabLine } from '../../../src/lib/render/s3/boot.ts';
import {
  atLeast,
  ENGINE,
  keyFormat,
  keyIdIn,
  mountCommand,
  refuseWhatItCant,
  s3fsOptions,
} from '../../../src/lib/render/s3/engines.ts';
import { PLAIN_MOUNT as PLAIN } from '../../helpers/mount-spec.ts';

const KMS = 'arn:aws-cn:kms:cn-north-1:123456789012:key/11111111-2222-3333-4444-555555555555';
const FULL: MountSpec = {
  ...PLAIN,
  cache: '/var/cache/web',
  allowOther: true,
  umask: '027',
  uid: '33',
  gid: '34',
  readOnly: true,
  storageClass: 'STANDARD_IA',
  encryption: KMS,
};

describe("the same flags in each engine's words", () => {
  test.each<[what: string, spec: Partial<MountSpec>, version: string | undefined, line: string]>([
    [
      'China',
      {},
      '1.90',
      'endpoint=cn-north-1,url=https://s3.cn-north-1.amazonaws.com.cn,passwd_file=/etc/hybridctl/s3/web.key,connect_timeout=10,retries=3',
    ],
    [
      'since 1.96',
      { region: 'eu-west-1' },
      '1.96',
      'region=eu-west-1,url=https://s3.eu-west-1.amazonaws.com,passwd_file=/etc/hybridctl/s3/web.key,connect_timeout=10,retries=3',
    ],
    [
      'not known yet',
      { region: 'us-gov-west-1' },
      undefined,
      'endpoint=us-gov-west-1,url=https://s3.us-gov-west-1.amazonaws.com,passwd_file=/etc/hybridctl/s3/web.key,connect_timeout=10,retries=3',
    ],
    [
      'a dotted bucket',
      { bucket: 'logs.example.com' },
      '1.97',
      'region=cn-north-1,url=https://s3.cn-north-1.amazonaws.com.cn,use_path_request_style,passwd_file=/etc/hybridctl/s3/web.key,connect_timeout=10,retries=3',
    ],
    [
      'a role',
      { credentials: { kind: 'role', role: 'web' } },
      '1.90',
      'endpoint=cn-north-1,url=https://s3.cn-north-1.amazonaws.com.cn,iam_role=web,connect_timeout=10,retries=3',
    ],
    [
      'other storage',
      { url: 'http://127.0.0.1:9000' },
      '1.90',
      'endpoint=cn-north-1,url=http://127.0.0.1:9000,use_path_request_style,passwd_file=/etc/hybridctl/s3/web.key,connect_timeout=10,retries=3',
    ],
    [
      'AES256',
      { encryption: 'AES256' },
      '1.90',
      'endpoint=cn-north-1,url=https://s3.cn-north-1.amazonaws.com.cn,passwd_file=/etc/hybridctl/s3/web.key,connect_timeout=10,retries=3,use_sse',
    ],
    [
      'all',
      FULL,
      '1.90',
      `endpoint=cn-north-1,url=https://s3.cn-north-1.amazonaws.com.cn,passwd_file=/etc/hybridctl/s3/web.key,connect_timeout=10,retries=3,use_cache=/var/cache/web,allow_other,umask=027,mp_umask=027,uid=33,gid=34,ro,storage_class=standard_ia,use_sse=kmsid:${KMS}`,
    ],
  ])('s3fs: %s', (_what, spec, version, line) => {
    expect(s3fsOptions({ ...PLAIN, ...spec }, version).join(',')).toBe(line);
  });

  test('mountpoint-s3: all', () => {
    expect(
      ENGINE['mountpoint-s3']
        .args({ ...FULL, engine: 'mountpoint-s3', url: 'https://s3.example.com' }, undefined, '/log')
        .join(' '),
    ).toBe(
      `office-logs /mnt/office-logs --region cn-north-1 --endpoint-url https://s3.example.com --force-path-style --read-only --cache /var/cache/web --allow-other --dir-mode 0750 --file-mode 0640 --uid 33 --gid 34 --storage-class STANDARD_IA --sse aws:kms --sse-kms-key-id ${KMS}`,
    );
  });

  test('rclone: all but the cache, which it is refused', () => {
    expect(ENGINE.rclone.args({ ...FULL, engine: 'rclone', cache: null }, undefined, '/log').join(' ')).toBe(
      `mount :s3:office-logs /mnt/office-logs --config=/dev/null --daemon --log-file=/log --vfs-cache-mode=off --dir-cache-time=1s --s3-provider=AWS --s3-env-auth --s3-no-check-bucket --s3-region=cn-north-1 --allow-other --umask=027 --uid=33 --gid=34 --read-only --s3-storage-class=STANDARD_IA --s3-server-side-encryption=aws:kms --s3-sse-kms-key-id=${KMS}`,
    );
    expect(() => refuseWhatItCant({ ...FULL, engine: 'rclone' })).toThrow('does not have yet');
  });

  test('by the installed version: a class that came later', () => {
    const spec: MountSpec = { ...PLAIN, storageClass: 'GLACIER_IR' };
    expect(() => refuseWhatItCant(spec, '1.90')).toThrow('came with 1.92');
    expect(() => refuseWhatItCant(spec, '1.92')).not.toThrow();
    expect(() => refuseWhatItCant(spec)).not.toThrow();
  });

  test.each(['s3fs', 'mountpoint-s3', 'rclone'] as const)(
    '%s gets none of our own credentials, and names its key by file',
    (engine) => {
      const line = mountCommand({ ...PLAIN, engine }, '1.90', '/log').join(' ');
      expect(line).toMatch(/^env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY -u AWS_SESSION_TOKEN /);
      expect(line).toContain('/etc/hybridctl/s3/web.key');
    },
  );

  test.each([
    ['1.9', '1.10', false],
    ['1.10', '1.9', true],
    ['1.96', '1.96', true],
    ['2.0', '1.96', true],
    ['1.95.1', '1.96', false],
    [undefined, '1.0', false],
  ])('%s is at least %s: %s', (version, least, is) => {
    expect(atLeast(version, least)).toBe(is);
  });

  test.each([
    ['s3fs', 'AKIA1:secret/+=\n', 'AKIA1'],
    ['s3fs', 'office-logs:AKIA1:secret\n', 'AKIA1'],
    ['s3fs', 'hello\n', undefined],
    ['rclone', '[default]\naws_access_key_id = AKIA1\naws_secret_access_key = x\n', 'AKIA1'],
    ['rclone', 'AKIA1:secret\n', undefined],
  ] as const)('%s reads the id of %j', (engine, text, id) => {
    expect(keyIdIn(engine, text)).toBe(id);
  });

  test.each(['s3fs', 'rclone'] as const)('what is written for %s is read again', (engine) => {
    expect(
      keyIdIn(engine, keyFormat(engine).replaceAll('\\n', '\n').replace('%s', 'AKIA1').replace('%s', 'secret')),
    ).toBe('AKIA1');
  });
});

describe('boot', () => {
  it('by fstab', () => {
    expect(fstabLine(PLAIN, '1.90')).toBe(
      'office-logs /mnt/office-logs fuse.s3fs _netdev,nofail,x-systemd.requires=network-online.target,x-systemd.mount-timeout=60,endpoint=cn-north-1,url=https://s3.cn-north-1.amazonaws.com.cn,passwd_file=/etc/hybridctl/s3/web.key,connect_timeout=10,retries=3 0 0',
    );
  });

  it.each(['s3fs', 'mountpoint-s3', 'rclone'] as const)('by a unit: %s', async (engine) => {
    const { name, path, content } = bootUnit(
      { ...FULL, engine, cache: engine === 'rclone' ? null : FULL.cache, boot: 'systemd' },
      '1.90',
      `/usr/bin/${ENGINE[engine].program}`,
    );
    expect(path).toBe(`/etc/systemd/system/${name}`);
    await expect(content).toMatchFileSnapshot(
      `../../golden/s3/${engine === 's3fs' ? 'mnt-office-logs.mount' : name.replace('web', engine)}`,
    );
  });

  // As systemd-escape --path --suffix=mount says.
  it.each([
    ['/mnt/office-logs', 'mnt-office\\x2dlogs.mount'],
    ['/srv/.hidden/a.b', 'srv-.hidden-a.b.mount'],
    ['/.x', '\\x2ex.mount'],
    ['/a_b/c@d+e', 'a_b-c\\x40d\\x2be.mount'],
  ])('%s is the unit %s', (directory, name) => {
    expect(mountUnitName(directory)).toBe(name);
  });
});

describe('fstab as a text', () => {
  const FSTAB =
    '# a comment of /mnt/x\n/dev/sda1 /  ext4 defaults 0 1\nbucket\t/mnt/x/ fuse.s3fs _netdev 0 0\n/dev/sdb1 /mnt/a\\040b ext4 defaults 0 2';

  it('finds a line by its directory, and no comment', () => {
    expect([
      fstabLineAt(FSTAB, '/mnt/x'),
      fstabLineAt(FSTAB, '/mnt/a b'),
      fstabLineAt(FSTAB, '/mnt'),
      fstabLineAt(FSTAB, '/'),
    ]).toEqual([
      'bucket\t/mnt/x/ fuse.s3fs _netdev 0 0',
      '/dev/sdb1 /mnt/a\\040b ext4 defaults 0 2',
      undefined,
      '/dev/sda1 /  ext4 defaults 0 1',
    ]);
  });

  it('changes one line and nothing else', () => {
    expect(withFstabLine(FSTAB, '/mnt/x', 'new /mnt/x')).toBe(
      FSTAB.replace('bucket\t/mnt/x/ fuse.s3fs _netdev 0 0', 'new /mnt/x'),
    );
    expect(withFstabLine(FSTAB, '/mnt/x', undefined)).toBe(
      FSTAB.replace('bucket\t/mnt/x/ fuse.s3fs _netdev 0 0\n', ''),
    );
    expect(withFstabLine(FSTAB, '/mnt/y', 'new /mnt/y')).toBe(`${FSTAB}\nnew /mnt/y\n`);
    expect([withFstabLine('', '/y', 'x /y'), withFstabLine(FSTAB, '/y', undefined)]).toEqual(['x /y\n', FSTAB]);
  });
});

describe('mountinfo', () => {
  const TEXT =
    '22 1 254:0 / / rw - ext4 /dev/vda rw\n90 22 0:57 / /mnt/a\\040b rw,nosuid shared:3 - fuse.s3fs s3fs rw,user_id=0\n91 22 0:58 / /mnt/m rw - fuse mountpoint-s3 rw\n92 22 0:59 / /mnt/r rw - fuse.rclone :s3{x}:b rw\n93 22 0:60 / /mnt/r rw - tmpfs none rw\n\n';

  it('tells what is on top, and of which engine it is', () => {
    const mounts = parseMountinfo(TEXT);
    expect(mounts.map(engineOf)).toEqual([undefined, 's3fs', 'mountpoint-s3', 'rclone', undefined]);
    expect([mountAt(mounts, '/mnt/a b')?.identity, mountAt(mounts, '/mnt/r')?.type, mountAt(mounts, '/mnt')]).toEqual([
      '90 0:57',
      'tmpfs',
      undefined,
    ]);
  });
});

describe('policy', () => {
  it.each([
    ['read-write', PLAIN],
    ['read-only-kms', FULL],
    [
      'gov-kms',
      {
        ...PLAIN,
        region: 'us-gov-west-1',
        encryption: KMS.replace('aws-cn', 'aws-us-gov').replace('cn-north-1', 'us-gov-west-1'),
      },
    ],
  ])('exactly one bucket: %s', async (name, spec) => {
    await expect(`${JSON.stringify(bucketPolicy(spec), undefined, 2)}\n`).toMatchFileSnapshot(
      `../../golden/s3/policy-${name}.json`,
    );
  });
});

test('a definition is read back as it was written, and nothing that could be more than a value', () => {
  expect(mountSchema.parse(JSON.parse(JSON.stringify(FULL)))).toEqual(FULL);
  for (const bad of [
    { directory: '/mnt/a,b' },
    { directory: '/mnt/%i' },
    { bucket: 'a b' },
    { url: 'http://x/y?z' },
    { umask: '8' },
    { more: 1 },
  ])
    expect(mountSchema.safeParse({ ...FULL, ...bad }).success, JSON.stringify(bad)).toBe(false);
});
