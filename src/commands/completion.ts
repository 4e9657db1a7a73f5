import bash from '../../templates/completion/bash?raw';
import fish from '../../templates/completion/fish?raw';
import zsh from '../../templates/completion/zsh?raw';
import type { Command } from '../lib/core/command.ts';
import { defineCommand } from '../lib/core/define.ts';
import { arg } from '../lib/core/flags.ts';
import { anything, choice } from '../lib/core/flags/kinds.ts';
import { complete } from './complete.ts';
import { GROUPS } from './registry.ts';

const SCRIPTS: Readonly<Record<string, string>> = { bash, zsh, fish };

const completion = defineCommand({
  path: 'completion',
  summary: 'print the completion script of a shell',
  details: 'The script asks hybridctl itself for every word, so it never needs to be made anew after an update.',
  args: { shell: arg(choice(Object.keys(SCRIPTS)), 'your shell', { required: true }) },
  flags: {},
  examples: [
    { line: 'hybridctl completion bash', why: 'in ~/.bashrc: source <(hybridctl completion bash)' },
    { line: 'hybridctl completion zsh', why: 'in ~/.zshrc, after compinit: source <(hybridctl completion zsh)' },
    { line: 'hybridctl completion fish', why: 'in ~/.config/fish/config.fish: hybridctl completion fish | source' },
  ],
  run: async ({ shell }) => ({ result: { shell, script: SCRIPTS[shell]! } }),
  human: ({ script }) => script,
});

/** What the scripts call: one candidate a line, a tab before its summary; `:files` leaves it to the shell. */
const completionWords = defineCommand({
  path: 'completion words',
  summary: 'what may stand at the end of a command line',
  args: { words: arg(anything(), 'the words after hybridctl, the unfinished one last', { many: true }) },
  flags: {},
  examples: [{ line: 'hybridctl completion words -- vpn ""', why: 'the commands of a group' }],
  hidden: true,
  passThrough: true,
  run: async ({ words }, ports) => ({
    result: await complete(words, GROUPS, async (kind, site) =>
      (await import('./complete-names.ts')).siteNames(
        ports,
        site ?? (ports.env['HYBRIDCTL_SITE'] || 'hybridctl.yaml'),
        kind,
      ),
    ),
  }),
  human: (found) =>
    found === 'files' ? ':files' : found.map(({ value, summary }) => `${value}\t${summary}`).join('\n'),
});

export const commands: readonly Command[] = [completion, completionWords];
