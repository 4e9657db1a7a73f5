import { expect, test } from 'vitest';
import { canDraw, wantsColour } from '../../src/lib/core/colour.ts';

test.each([
  ['a terminal', true, {}, true],
  ['a pipe', false, {}, false],
  ['a pipe that shall have colours', false, { CLICOLOR_FORCE: '1' }, true],
  ['a 0 that forces nothing', false, { CLICOLOR_FORCE: '0' }, false],
  ['no colours, whatever is forced', true, { CLICOLOR_FORCE: '1', NO_COLOR: '1' }, false],
  ['an empty NO_COLOR', true, { NO_COLOR: '' }, true],
  ['a dumb terminal', true, { TERM: 'dumb' }, false],
  ['a dumb terminal that shall have colours', true, { TERM: 'dumb', CLICOLOR_FORCE: '1' }, true],
] as const)('colours: %s', (_, isTerminal, env, wanted) => {
  expect(wantsColour(isTerminal, env)).toBe(wanted);
});

test('a dumb terminal is written to line by line', () => {
  expect([canDraw(true, { TERM: 'xterm' }), canDraw(true, { TERM: 'dumb' }), canDraw(false, {})]).toEqual([
    true,
    false,
    false,
  ]);
});
