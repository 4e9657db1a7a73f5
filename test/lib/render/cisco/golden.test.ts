import { expect, test } from 'vitest';
import { CRYPTO_LEVELS } from '../../../../src/lib/domain/crypto.ts';
import type { Dialect } from '../../../../src/lib/domain/site.ts';
import { renderAsa82, renderAsa83, renderAsa97Vti } from '../../../../src/lib/render/cisco/asa.ts';
import { renderIosCryptomap, renderIosVti } from '../../../../src/lib/render/cisco/ios.ts';
import type { Renderer } from '../../../../src/lib/render/types.ts';
import { fixture, rendered } from './helper.ts';

/** Fixture, box, dialect: each at every crypto level it is able to do. */
const ROWS: readonly (readonly [
  fixture: string,
  device: string,
  dialect: Dialect,
  renderer: Renderer,
  folder: string,
])[] = [
  ['seed-bjs', 'cisco-1', 'ios-vti', renderIosVti, 'ios'],
  ['seed-bjs', 'cisco-2', 'ios-vti', renderIosVti, 'ios'],
  ['lab', 'rtr-1', 'ios-vti', renderIosVti, 'ios'],
  ['lab', 'rtr-2', 'ios-vti', renderIosVti, 'ios'],
  ['seed-openswan', 'cisco', 'ios-cryptomap', renderIosCryptomap, 'ios'],
  ['lab', 'rtr-2', 'ios-cryptomap', renderIosCryptomap, 'ios'],
  ['seed-openswan', 'cisco', 'asa-8.2', renderAsa82, 'asa'],
  ['seed-openswan', 'cisco', 'asa-8.3', renderAsa83, 'asa'],
  ['lab', 'rtr-1', 'asa-8.3', renderAsa83, 'asa'],
  ['seed-bjs', 'cisco-1', 'asa-9.7-vti', renderAsa97Vti, 'asa'],
  ['lab', 'rtr-2', 'asa-9.7-vti', renderAsa97Vti, 'asa'],
];

const cases = ROWS.flatMap((row) =>
  CRYPTO_LEVELS.filter((level) => row[2] !== 'asa-8.2' || level === 'legacy').map((level) => [...row, level] as const),
);

test.each(cases)('%s %s as %s', async (name, device, dialect, renderer, folder, crypto) => {
  const text = rendered(renderer, fixture(name), device, { crypto, dialect });
  await expect(text).toMatchFileSnapshot(`../../../golden/${folder}/${name}.${device}.${dialect}.${crypto}.conf`);
});

test.each(cases)(
  '%s %s as %s can be pasted: no help character, no blank line, no tab',
  (name, device, dialect, renderer, _folder, crypto) => {
    const text = rendered(renderer, fixture(name), device, { crypto, dialect });
    expect(text).not.toMatch(/[?\t]|\n\n|[^\n]$|undefined|NaN|\[object/);
  },
);
