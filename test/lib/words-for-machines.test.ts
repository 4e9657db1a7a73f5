import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOpenToOthers, octal, refuseOpenFile } from '../../src/lib/domain/file-mode.ts';
import { shellWord } from '../../src/lib/domain/shell.ts';

describe('a word for a shell', () => {
  it('is read back by sh as it was', () => {
    const word = fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.replaceAll('\0', ''));
    const shellish = fc.string({ unit: fc.constantFrom(...'\'"\\$`!*?~#&|;<>(){}[] \n\t=-a') });
    fc.assert(
      fc.property(fc.array(fc.oneof(word, shellish), { minLength: 1, maxLength: 200 }), (words) => {
        const line = `printf '%s\\0' ${words.map(shellWord).join(' ')}`;
        const wellFormed = words.map((one) => Buffer.from(one).toString());
        expect(execFileSync('sh', ['-c', line]).toString().split('\0').slice(0, -1)).toEqual(wellFormed);
      }),
      { numRuns: 25 },
    );
  });

  it.each([
    ['vpc-0a1b', 'vpc-0a1b'],
    ['s3://bucket/a.b', 's3://bucket/a.b'],
    ['two words', "'two words'"],
    ["it's", "'it'\\''s'"],
    ['', "''"],
  ])('%s is written %s', (word, written) => {
    expect(shellWord(word)).toBe(written);
  });
});

describe('the mode of a file', () => {
  it.each([
    [0o600, '0600', false],
    [0o644, '0644', true],
    [0o100600, '0600', false],
    [0o4755, '4755', true],
    [0o620, '0620', true],
    [0o701, '0701', true],
    [0, '0000', false],
  ])('%i is %s', (mode, text, open) => {
    expect([octal(mode), isOpenToOthers(mode)]).toEqual([text, open]);
  });

  it('a file with a secret that others can read is refused with what to do', () => {
    expect(() => refuseOpenFile({ path: '/h/psk', mode: 0o640, field: 'psk_file', written: '~/psk' })).toThrow(
      expect.objectContaining({
        message: '~/psk can be read by others (mode 0640)',
        exit: 2,
        field: 'psk_file',
        next: 'chmod 600 /h/psk',
      }),
    );
    refuseOpenFile({ path: '/h/psk', mode: 0o600, field: 'psk_file' });
  });
});
