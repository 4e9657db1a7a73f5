import { missing } from '../../src/lib/core/errors.ts';
import type { Shell, ShellOptions, ShellResult } from '../../src/lib/core/ports.ts';

export interface Call {
  readonly file: string;
  readonly args: readonly string[];
  readonly options: ShellOptions;
}

/** A program: gets its call, gives back stdout or a whole result. */
export type Program = (call: Call) => string | Partial<ShellResult>;

export interface FakeShell extends Shell {
  readonly calls: readonly Call[];
}

/** A machine on which only the given programs are installed. */
export const fakeShell = (programs: Readonly<Record<string, Program>> = {}): FakeShell => {
  const calls: Call[] = [];
  return {
    calls,
    async run(file, args, options = {}) {
      const call = { file, args, options };
      calls.push(call);
      const program = programs[file];
      if (program === undefined) throw missing(`${file} is not installed`);
      const answer = program(call);
      return { exitCode: 0, stdout: '', stderr: '', ...(typeof answer === 'string' ? { stdout: answer } : answer) };
    },
    async which(file) {
      return programs[file] === undefined ? undefined : `/usr/bin/${file}`;
    },
  };
};
