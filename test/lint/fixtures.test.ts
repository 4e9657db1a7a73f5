import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { files } from '../../src/lib/adapters/files.ts';
import { lint } from '../../src/lib/lint/index.ts';
import { parseFile } from '../../src/lib/lint/parse.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/lint');
const GOLDEN = join(import.meta.dirname, '../golden');

const account = (name: string, text: string, mode?: number): string => {
  const file = parseFile(name, text, { mode });
  return [
    `kind ${file.kind}`,
    ...lint(file).map(({ line, severity, rule, message, fix }) => `${line}: ${severity} ${rule}: ${message} — ${fix}`),
    '',
  ].join('\n');
};

describe('files of the field documents, and forms that public files have', () => {
  it.each(readdirSync(FOLDER).filter((name) => !name.endsWith('.findings')))('%s', async (name) => {
    await expect(account(name, (await files.read(join(FOLDER, name)))!, 0o644)).toMatchFileSnapshot(
      join(FOLDER, `${name}.findings`),
    );
  });
});

/** Linux goldens hold all files of a box, each behind a line with its path and mode. */
const filesOf = (text: string): readonly { name: string; mode: number; text: string }[] =>
  text
    .split(/^===== /m)
    .slice(1)
    .flatMap((part) => {
      const [head = '', ...lines] = part.split('\n');
      const [name = '', mode = ''] = head.split(' ');
      return [{ name, mode: Number.parseInt(mode, 8), text: lines.join('\n') }];
    });

const READ = /swanctl\/|strongswan\.d\/|ipsec\.(?:conf|secrets|d\/)|sysctl/;

const rendered = readdirSync(GOLDEN).flatMap((dialect) =>
  readdirSync(join(GOLDEN, dialect))
    .filter((name) => /modern|cnsa|^lab\./.test(name) && !name.includes('legacy.conf'))
    .flatMap((name) => {
      const text = readFileSync(join(GOLDEN, dialect, name), 'utf8');
      if (dialect === 'ios' || dialect === 'asa') return [{ name: `${dialect}/${name}`, mode: 0o600, text }];
      return ['swanctl', 'ipsec-conf', 'libreswan'].includes(dialect)
        ? filesOf(text)
            .filter((file) => READ.test(file.name))
            .map((file) => ({ ...file, name: `${dialect}/${name} ${file.name}` }))
        : [];
    }),
);

/**
 * The goldens' stand-in keys are short; the files are judged, not those. Userspace ESP (tun) has neither mark nor
 * if_id, so its selectors do take every packet: a warning that stands.
 */
const ACCEPTED = /^(?:psk-|catch-all-policy$)/;

describe('files that hybridctl renders at modern and cnsa', () => {
  it('are there to be judged', () => expect(rendered.length).toBeGreaterThan(20));
  it.each(rendered)('$name has no error and no warning', ({ name, text, mode }) => {
    const parsed = parseFile(name, text, { mode });
    expect(
      lint(parsed)
        .filter(({ rule, severity }) => severity !== 'info' && !ACCEPTED.test(rule))
        .map(({ line, severity, rule, message }) => `${line}: ${severity} ${rule}: ${message}`),
    ).toEqual([]);
  });
});
