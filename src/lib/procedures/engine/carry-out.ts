import { failure, interrupted } from '../../core/errors.ts';
import type { Call, Hands } from '../../core/procedure.ts';

/** Carries out one call. @throws HybridError */
export const carryOut = async (call: Call, { aws, shell, files, signal }: Hands): Promise<void> => {
  if (signal.aborted) throw interrupted();
  switch (call.kind) {
    case 'aws':
      await aws.send(call);
      return;
    case 'write':
      await files.write([call.file]);
      return;
    case 'run': {
      const { exitCode, stderr } = await shell.run(call.file, call.args, { signal, ...(call.input === undefined ? {} : { input: call.input }) });
      if (exitCode !== 0) throw failure(`${call.file} ${call.args.join(' ')} ended with ${exitCode}: ${stderr.trim().split('\n')[0]?.slice(0, 200) ?? ''}`);
    }
  }
};
