import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkSite } from '../../src/lib/domain/check.ts';
import { crossCheck } from '../../src/lib/domain/cross-check.ts';
import { tunnelsOf } from '../../src/lib/domain/tunnel.ts';
import { arbitrarySite } from '../helpers/arbitrary-site.ts';

test('a random valid site has no mistakes, and both ends of its tunnels agree', () => {
  fc.assert(
    fc.property(arbitrarySite, (site) => {
      expect(checkSite(site)).toEqual([]);
      expect(crossCheck(site, tunnelsOf(site))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
