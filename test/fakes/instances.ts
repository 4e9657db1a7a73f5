import { failure, usageError } from '../../src/lib/core/errors.ts';
import type { CloudInstanceView, Instances } from '../../src/lib/core/ports.ts';

export interface FakeInstances extends Instances {
  readonly all: ReadonlyMap<string, CloudInstanceView>;
  /** `stop i-…`, in order. */
  readonly calls: readonly string[];
  /** The cloud or somebody else at work. */
  edit(instance: string, change: Partial<CloudInstanceView>): void;
}

/** Instances in memory, with EC2's rules. A transition ends when the test says so by `edit`. */
export const fakeInstances = (initial: readonly CloudInstanceView[]): FakeInstances => {
  const all = new Map(initial.map((view) => [view.instance, view]));
  const addresses = new Set(initial.flatMap(({ publicIp }) => publicIp ?? []));
  const calls: string[] = [];
  const find = (id: string): CloudInstanceView => {
    const found = all.get(id);
    if (found === undefined)
      throw usageError(`there is no instance ${id}`, { field: 'gateways.instance', call: 'refused' });
    return found;
  };
  const edit = (id: string, change: Partial<CloudInstanceView>): void => void all.set(id, { ...find(id), ...change });
  return {
    all,
    calls,
    edit,
    describe: async (ids) => ids.map(find),
    async stop(id) {
      calls.push(`stop ${id}`);
      const { state } = find(id);
      if (state === 'pending') throw failure(`IncorrectInstanceState: ${id} is pending`, { call: 'refused' });
      if (state === 'running') edit(id, { state: 'stopping' });
    },
    async start(id) {
      calls.push(`start ${id}`);
      const { state } = find(id);
      if (state === 'stopping') throw failure(`IncorrectInstanceState: ${id} is stopping`, { call: 'refused' });
      if (state === 'stopped') edit(id, { state: 'pending' });
    },
    async attachAddress(id, publicIp) {
      calls.push(`attach ${id} ${publicIp}`);
      find(id);
      if (!addresses.has(publicIp)) throw failure(`${publicIp} is no Elastic IP of this account`, { call: 'refused' });
      const owner = [...all.values()].find((view) => view.publicIp === publicIp);
      if (owner !== undefined && owner.instance !== id)
        throw failure(`${publicIp} is attached to ${owner.instance}`, { call: 'refused' });
      edit(id, { publicIp });
    },
    async clearSourceDestCheck(id) {
      calls.push(`clear ${id}`);
      find(id);
      edit(id, { sourceDestCheck: false });
    },
  };
};
