import { describe, expect, it } from 'vitest';
import { answererOf, hearOwn, hearRelayed, startProof, type Answerer } from '../../../src/lib/domain/health/proof.ts';

type Echo = readonly [which: 'own' | 'relayed', ttl: number | undefined];

const afterEchoes = (...echoes: readonly Echo[]): Answerer => {
  const proof = startProof();
  for (const [which, ttl] of echoes) (which === 'own' ? hearOwn : hearRelayed)(proof, ttl);
  return answererOf(proof);
};
const lost: Echo = ['relayed', undefined];

describe('who answers a relayed probe', () => {
  it.each<readonly [what: string, echoes: readonly Echo[], answerer: Answerer]>([
    ['nothing was asked yet', [], 'unseen'],
    ['only the gateway has answered', [['own', 63]], 'unseen'],
    ['nobody knows yet what the gateway would answer', [['relayed', 62]], 'unseen'],
    [
      'a Linux router, one hop further',
      [
        ['own', 63],
        ['relayed', 62],
      ],
      'far-end',
    ],
    [
      'a Cisco router, which starts at 255',
      [
        ['own', 63],
        ['relayed', 253],
      ],
      'far-end',
    ],
    [
      'the gateway: its rules were flushed',
      [
        ['own', 63],
        ['relayed', 62],
        ['relayed', 63],
      ],
      'own',
    ],
    [
      'the router again: the rules are back',
      [
        ['own', 63],
        ['relayed', 63],
        ['relayed', 62],
      ],
      'far-end',
    ],
    [
      'a gateway that answers no echo itself',
      [
        ['own', undefined],
        ['relayed', 62],
      ],
      'far-end',
    ],
    [
      'a dead tunnel: the gateway hands the echo on, and answers its own',
      [['own', 63], ['relayed', 62], lost, lost, lost, lost],
      'far-end',
    ],
    ['one echo that is lost or late says nothing', [['own', 63], ['relayed', 63], lost], 'own'],
    ['the rules are back, and the tunnel is dead', [['own', 63], ['relayed', 63], lost, lost], 'far-end'],
    ['a router that answers no echo, behind a gateway that does', [['own', 63], lost, lost], 'far-end'],
    ['somebody on the way who resets every connection', [['own', undefined], lost, lost, lost, lost], 'unseen'],
    [
      'a gateway that answers no echo, and a router that fell silent',
      [['own', undefined], ['relayed', 62], lost, lost, lost],
      'unseen',
    ],
    [
      'an echo of the gateway is lost once',
      [
        ['own', 63],
        ['relayed', 63],
        ['own', undefined],
      ],
      'own',
    ],
  ])('%s', (_, echoes, answerer) => {
    expect(afterEchoes(...echoes)).toBe(answerer);
  });
});
