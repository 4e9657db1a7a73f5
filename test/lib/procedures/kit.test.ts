import { patienceOf } from '../../../src/lib/core/patience.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ApiCall, Aws } from '../../../src/lib/core/aws.ts';
import { EXIT, failure, HybridError } from '../../../src/lib/core/errors.ts';
import type { ExecutionContext, ReadResult, Step } from '../../../src/lib/core/procedure.ts';
import { applySteps } from '../../../src/lib/procedures/kit/apply.ts';
import { destroySteps } from '../../../src/lib/procedures/kit/destroy.ts';
import { asMarkdown, asShell, cliName, runbookOf } from '../../../src/lib/procedures/kit/emit.ts';
import { pendingOf, planRemoval, planSteps } from '../../../src/lib/procedures/kit/plan.ts';
import { fakeClock } from '../../fakes/clock.ts';
import { fakeFiles } from '../../fakes/files.ts';
import { routesOf } from '../../../src/lib/routes/writer.ts';
import { fakeRouteTables } from '../../fakes/route-tables.ts';
import { fakeShell } from '../../fakes/shell.ts';

/**
 * A cloud of boxes, as unreliable as the real one: a box rests on the one before it, shows up in reads only after some
 * looks, and a call may be refused, or done without an answer.
 */
interface Box {
  readonly id: string;
  readonly key: string;
  readonly on: string | undefined;
  readonly owned: boolean;
  size: number;
  /** Reads that do not see it yet. */
  hidden: number;
}

type Mishap = 'refuse' | 'lose-answer' | 'die-before' | 'die-after' | 'interrupt';
class Killed extends Error {}

const cloudOf = () => {
  const boxes: Box[] = [];
  const calls: string[] = [];
  let serial = 0;
  let mishap: { at: number; kind: Mishap; stop?: () => void } | undefined;
  let lag = 0;
  const perform = ({ operation, input }: ApiCall): void => {
    if (operation === 'Make') {
      const { key, on, size } = input as { key: string; on?: string; size: number };
      if (on !== undefined && !boxes.some(({ id }) => id === on))
        throw failure(`no ${on}`, { call: 'refused', kind: 'absent' });
      boxes.push({ id: `box-${(serial += 1)}`, key, on, owned: true, size, hidden: lag });
    } else if (operation === 'Resize') {
      boxes.find(({ id }) => id === input['id'])!.size = input['size'] as number;
    } else {
      if (boxes.some(({ on }) => on === input['id'])) throw failure('in use', { call: 'refused', kind: 'conflict' });
      const at = boxes.findIndex(({ id }) => id === input['id']);
      if (at >= 0) boxes.splice(at, 1);
    }
  };
  const send = async (call: ApiCall): Promise<unknown> => {
    calls.push(call.operation);
    const now = mishap !== undefined && calls.length === mishap.at ? mishap : undefined;
    if (now?.kind === 'die-before') throw new Killed();
    if (now?.kind === 'refuse') throw failure('refused', { call: 'refused', code: 'Refused' });
    perform(call);
    if (now?.kind === 'die-after') throw new Killed();
    if (now?.kind === 'lose-answer') throw failure('no answer', { call: 'unclear' });
    if (now?.kind === 'interrupt') now.stop!();
    return {};
  };
  return {
    boxes,
    calls,
    seen: (key: string): Box[] => boxes.filter((box) => box.key === key && (box.hidden === 0 || (box.hidden -= 1) < 0)),
    set: (next: typeof mishap, slow = 0) => {
      [mishap, lag] = [next, slow];
      calls.length = 0;
    },
    aws: { region: 'cn-north-1', send } as unknown as Aws,
  };
};
type Boxes = ReturnType<typeof cloudOf>;

const call = (operation: string, input: Record<string, unknown>): ApiCall => ({
  kind: 'aws',
  service: 'ec2',
  operation,
  input,
});
const boxStep = ({ seen, boxes }: Boxes, index: number, size = 1): Step => {
  const key = `box/${index}`;
  const below = index === 0 ? undefined : `box/${index - 1}`;
  return {
    key,
    title: `Box ${index}`,
    cost: 'a box',
    ...(below === undefined ? {} : { needs: [below] }),
    async read(): Promise<ReadResult> {
      // The one in use stays, as the builders do it.
      const used = ({ id }: Box) => Number(boxes.some(({ on }) => on === id));
      const [first, ...more] = seen(key).sort((a, b) => used(b) - used(a) || (a.id < b.id ? -1 : 1));
      if (first === undefined) return { state: 'absent' };
      const found = { id: first.id, owned: first.owned, surplus: more.map(({ id }) => id) };
      return first.size === size
        ? { state: 'ready', found }
        : { state: 'differs', found, differences: [{ field: 'size', is: String(first.size) }] };
    },
    create: (values) => [call('Make', { key, size, ...(below === undefined ? {} : { on: values(below) }) })],
    idPath: 'BoxId',
    update: (_values, { id }) => [call('Resize', { id, size })],
    delete: (_values, id) => [call('Drop', { id })],
  };
};

const SCENE = { site: 'lab', adopted: new Map<string, string>() };
const handsOn = (
  { aws }: Boxes,
  stop = new AbortController(),
): ExecutionContext & { stop: AbortController; told: string[] } => {
  const told: string[] = [];
  return {
    aws,
    aliyun: { region: '', send: async () => ({}) },
    routes: routesOf(async () => fakeRouteTables([]), fakeClock()),
    shell: fakeShell(),
    files: fakeFiles({}),
    clock: fakeClock(),
    patience: patienceOf(stop.signal),
    signal: stop.signal,
    progress: (line) => void told.push(line),
    stop,
    told,
  };
};
const steps = (boxes: Boxes, count = 4): Step[] => Array.from({ length: count }, (_, index) => boxStep(boxes, index));
const stack = ({ boxes }: Boxes): string[] => boxes.map(({ key }) => key).sort();
const WHOLE = ['box/0', 'box/1', 'box/2', 'box/3'];
const errorOf = async (work: Promise<unknown>): Promise<HybridError> =>
  work.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: HybridError) => error,
  );

describe('apply', () => {
  it('makes everything once, and the second time makes no call', async () => {
    const cloud = cloudOf();
    cloud.set(undefined, 3);
    const { steps: done, values } = await applySteps(steps(cloud), handsOn(cloud), { ...SCENE, keepOnFailure: false });
    expect([done.map(({ action }) => action), stack(cloud), values['box/3'], cloud.boxes[3]!.on]).toEqual([
      ['make', 'make', 'make', 'make'],
      WHOLE,
      'box-4',
      'box-3',
    ]);
    cloud.set(undefined);
    const again = await applySteps(steps(cloud), handsOn(cloud), { ...SCENE, keepOnFailure: false });
    expect([again.steps.map(({ action }) => action), cloud.calls]).toEqual([['keep', 'keep', 'keep', 'keep'], []]);
  });

  it('fixes what differs and leaves the rest', async () => {
    const cloud = cloudOf();
    await applySteps(steps(cloud), handsOn(cloud), { ...SCENE, keepOnFailure: false });
    cloud.boxes[2]!.size = 7;
    cloud.set(undefined);
    expect(pendingOf(await planSteps(steps(cloud), handsOn(cloud), SCENE))).toBe(1);
    await applySteps(steps(cloud), handsOn(cloud), { ...SCENE, keepOnFailure: false });
    expect([cloud.calls, cloud.boxes[2]!.size]).toEqual([['Resize'], 1]);
  });

  it('undoes what this run made when a step is refused, and nothing else', async () => {
    const cloud = cloudOf();
    await applySteps(steps(cloud, 2), handsOn(cloud), { ...SCENE, keepOnFailure: false });
    cloud.set({ at: 2, kind: 'refuse' });
    const error = await errorOf(applySteps(steps(cloud), handsOn(cloud), { ...SCENE, keepOnFailure: false }));
    expect([error.exit, error.message, error.more, stack(cloud)]).toEqual([
      EXIT.failed,
      'refused',
      ['at "Box 3"; the 2 made before it are undone'],
      ['box/0', 'box/1'],
    ]);
  });

  it('keeps it where that was asked', async () => {
    const cloud = cloudOf();
    cloud.set({ at: 3, kind: 'refuse' });
    const error = await errorOf(applySteps(steps(cloud), handsOn(cloud), { ...SCENE, keepOnFailure: true }));
    expect([error.exit, stack(cloud)]).toEqual([EXIT.partly, ['box/0', 'box/1']]);
  });

  it('undoes after Ctrl-C too, what does not show yet as well, and says 130', async () => {
    const cloud = cloudOf();
    const hands = handsOn(cloud);
    cloud.set({ at: 2, kind: 'interrupt', stop: () => hands.stop.abort() }, 2);
    const error = await errorOf(applySteps(steps(cloud), hands, { ...SCENE, keepOnFailure: false }));
    expect([error.exit, stack(cloud)]).toEqual([EXIT.interrupted, []]);
  });

  it('after Ctrl-C on a service that is silent nothing is asked any more: what was made is named', async () => {
    const cloud = cloudOf();
    const hands = { ...handsOn(cloud), patience: { signal: AbortSignal.abort(), renew: () => undefined } };
    cloud.set({ at: 2, kind: 'interrupt', stop: () => hands.stop.abort() }, 2);
    const error = await errorOf(applySteps(steps(cloud), hands, { ...SCENE, keepOnFailure: false }));
    expect([error.exit, error.more, cloud.calls]).toEqual([
      EXIT.partly,
      ['left: Box 0', 'left: Box 1'],
      ['Make', 'Make'],
    ]);
    expect(error.message).toBe('interrupted, at "Box 1"; nothing was undone: the service does not answer');
  });

  it('says what could not be undone', async () => {
    const cloud = cloudOf();
    const stubborn = steps(cloud).map((step, index) =>
      index === 1 ? { ...step, delete: () => [call('Drop', { id: cloud.boxes[0]!.id })] } : step,
    );
    cloud.set({ at: 3, kind: 'refuse' });
    const error = await errorOf(applySteps(stubborn, handsOn(cloud), { ...SCENE, keepOnFailure: false }));
    expect([error.exit, error.more.length]).toEqual([EXIT.partly, 2]);
  });
});

describe('whatever happens at whatever call', () => {
  const mishaps = fc.record({
    at: fc.integer({ min: 1, max: 9 }),
    kind: fc.constantFrom<Mishap>('refuse', 'lose-answer', 'die-before', 'die-after', 'interrupt'),
  });

  it('the next run finishes it with nothing twice, and destroy leaves nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(mishaps, { maxLength: 4 }), fc.integer({ min: 0, max: 3 }), async (troubles, lag) => {
        const cloud = cloudOf();
        for (const { at, kind } of troubles) {
          const hands = handsOn(cloud);
          cloud.set({ at, kind, stop: () => hands.stop.abort() }, lag);
          await applySteps(steps(cloud), hands, { ...SCENE, keepOnFailure: at % 2 === 0 }).catch((error: unknown) => {
            if (!(error instanceof Killed) && !(error instanceof HybridError)) throw error;
          });
        }
        cloud.set(undefined, lag);
        await applySteps(steps(cloud), handsOn(cloud), { ...SCENE, keepOnFailure: false });
        // What nobody could see yet, so that it was made once more, is found by a run some time after.
        for (const box of cloud.boxes) box.hidden = 0;
        await applySteps(steps(cloud), handsOn(cloud), { ...SCENE, keepOnFailure: false });
        expect(stack(cloud)).toEqual(WHOLE);
        await destroySteps(steps(cloud), handsOn(cloud), SCENE);
        expect(stack(cloud)).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });
});

describe('destroy', () => {
  it('leaves alone what is not ours, and says so in its plan', async () => {
    const cloud = cloudOf();
    cloud.boxes.push({ id: 'box-theirs', key: 'box/0', on: undefined, owned: false, size: 1, hidden: 0 });
    await applySteps(steps(cloud), handsOn(cloud), { ...SCENE, keepOnFailure: false });
    expect((await planRemoval(steps(cloud), handsOn(cloud), SCENE)).map(({ action, id }) => `${action} ${id}`)).toEqual(
      ['remove box-3', 'remove box-2', 'remove box-1', 'keep box-theirs'],
    );
    await destroySteps(steps(cloud), handsOn(cloud), SCENE);
    expect(cloud.boxes.map(({ id }) => id)).toEqual(['box-theirs']);
  });
});

describe('a runbook', () => {
  it('is the plan as lines of the AWS CLI', async () => {
    const cloud = cloudOf();
    await applySteps(steps(cloud, 1), handsOn(cloud), { ...SCENE, keepOnFailure: false });
    cloud.boxes[0]!.size = 3;
    const write: Step = {
      key: 'file/conf',
      title: 'Configuration',
      read: async () => ({ state: 'absent' }),
      create: () => [
        { kind: 'write', secret: false, file: { path: '/etc/x.conf', content: "a='$b'\n", mode: 0o644 } },
        { kind: 'write', secret: true, file: { path: '/etc/x.key', content: 'never shown', mode: 0o600 } },
        { kind: 'run', file: 'swanctl', args: ['--load-all', '--file', "it's"] },
      ],
    };
    const runbook = await runbookOf('the boxes of lab', [...steps(cloud, 3), write], handsOn(cloud), SCENE);
    await expect(asShell(runbook)).toMatchFileSnapshot('../../golden/procedures/boxes.sh');
    await expect(asMarkdown(runbook)).toMatchFileSnapshot('../../golden/procedures/boxes.md');
  });

  it.each([
    ['RunInstances', 'run-instances'],
    ['CreateBGPPeer', 'create-bgp-peer'],
    ['EnableVgwRoutePropagation', 'enable-vgw-route-propagation'],
    ['DescribeVpcs', 'describe-vpcs'],
  ])('%s is %s', (operation, name) => {
    expect(cliName(operation)).toBe(name);
  });
});
