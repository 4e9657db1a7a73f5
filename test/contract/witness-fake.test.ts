import { describe } from 'vitest';
import { fakeWitness } from '../fakes/witness.ts';
import { initiateContract } from './witness.ts';

describe('the fake', () =>
  initiateContract(() => {
    const charon = fakeWitness('charon');
    charon.down.set('vpn1', { outcome: 'up' });
    return {
      witness: charon.witness,
      connection: 'vpn1',
      refuses: async () => void charon.down.set('vpn1', { outcome: 'failed', because: 'NO_PROPOSAL_CHOSEN' }),
      ends: async () => void charon.down.set('vpn1', { outcome: 'up' }),
    };
  }));
