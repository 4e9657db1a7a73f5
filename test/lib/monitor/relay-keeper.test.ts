import { expect, it } from 'vitest';
import { relayKeeper } from '../../../src/lib/monitor/relay-keeper.ts';
import { fakeFiles } from '../../fakes/files.ts';
import { fakeShell } from '../../fakes/shell.ts';

const GONE = 'Error: No such file or directory\nlist table ip hybridctl_probe\n';
const FILE = '/etc/hybridctl/probe.nft';

const keeper = ({ list, load = 0, file = true }: { list: string | undefined; load?: number; file?: boolean }) => {
  const shell = fakeShell({
    nft: ({ args }) =>
      args[0] === '-f' ? { exitCode: load } : list === undefined ? 'table' : { exitCode: 1, stderr: list },
  });
  const files = fakeFiles(file ? { [FILE]: 'table ip hybridctl_probe { }' } : {});
  return { shell, keep: relayKeeper({ shell, files, env: {} }) };
};

it.each([
  ['a relay that is loaded is left alone', { list: undefined }, 'loaded', 1],
  ['one that was flushed is loaded again', { list: GONE }, 'loaded-again', 2],
  ['nothing is said to be done where nft refuses the file', { list: GONE, load: 1 }, 'unknown', 2],
  ['rules that can not be read are no missing ones', { list: 'Operation not permitted' }, 'unknown', 1],
  ['a gateway without the file has none to load', { list: GONE, file: false }, 'unknown', 1],
] as const)('%s', async (_, world, state, calls) => {
  const { shell, keep } = keeper(world);
  expect(await keep()).toBe(state);
  expect(shell.calls).toHaveLength(calls);
  if (calls === 2) expect(shell.calls[1]!.args).toEqual(['-f', FILE]);
});

it('a machine without nft does not end the monitor', async () => {
  expect(await relayKeeper({ shell: fakeShell({}), files: fakeFiles({}), env: {} })()).toBe('unknown');
});
