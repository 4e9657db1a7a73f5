import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { visible, visibleIn, visibleJson } from '../src/lib/core/visible.ts';
import { fixture } from './helpers/cloud.ts';
import { run } from './helpers/run.ts';

/** One of each kind that a terminal obeys. */
const HOSTILE = 'a\u001b[2J\u0007\u009b31m\u202eb\u2066\r\u007f\u200f\u2028';
const OBEYED = /[^\P{Cc}\n\t]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u;

describe('text from elsewhere is text', () => {
  it('is shown, not obeyed; nothing else is changed', () => {
    expect(visible(HOSTILE)).toBe('a\\x1b[2J\\x07\\x9b31m\\u202eb\\u2066\\x0d\\x7f\\u200f\\u2028');
    expect(visible('北京 office\n\tline "two" é')).toBe('北京 office\n\tline "two" é');
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !OBEYED.test(visible(text))));
  });

  it('in data, keys too; JSON stays the same data', () => {
    expect(visibleIn({ 'k\u001b': [{ x: '\u0007' }, 1, null] })).toEqual({ 'k\\x1b': [{ x: '\\x07' }, 1, null] });
    fc.assert(
      fc.property(fc.json(), (json) => {
        const shown = visibleJson(JSON.stringify(JSON.parse(json)));
        expect(JSON.parse(shown)).toEqual(JSON.parse(json));
        expect(OBEYED.test(shown)).toBe(false);
      }),
    );
  });

  it.each([
    ['a key of the site file', 'config validate', `"${HOSTILE.replace(/[\r\u2028]/g, '')}": 1\n${fixture('lab')}`],
    ['a value of the site file', 'config validate', fixture('lab').replace(/^site: .*/m, `site: "x\\e[2J\\u202ey"`)],
  ])('%s', async (_, line, text) => {
    for (const form of ['', ' --json']) {
      const { exit, out, err } = await run(line + form, { files: { 'hybridctl.yaml': text } });
      expect([exit, OBEYED.test(out + err)], out + err).toEqual([2, false]);
    }
  });

  it.each(['', ' --json', ' -o table', ' -o yaml', ' -o name'])(
    'a line of a configuration that is linted%s',
    async (form) => {
      const { out, err } = await run(`vpn lint a.cfg${form}`, {
        files: {
          'a.cfg': `conn a\u001b[2J\u202e\n  ike=3des-md5-modp768\u009b\n  keyexchange=ikev1\n  aggressive=yes\n  left=\u001b]0;x\u0007\n`,
        },
      });
      expect(OBEYED.test(out + err), out + err).toBe(false);
      expect(out + err).not.toBe('');
    },
  );
});
