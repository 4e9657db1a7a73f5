import { failure, missing } from '../../core/errors.ts';
import type { FpgaBoard, FpgaOptions } from '../../core/fpga.ts';

/** An AFI of some hundred MB is loaded in seconds; the tool itself gives up after a minute (its -request-timeout). */
const TOOL_MS = 120_000;

/**
 * What the tools print, a line each: `AFI 0 agfi-0fedcba9876543210 loaded 0 ok 0 0x10212415` and
 * `AFIDEVICE 0 0x1d0f 0x9048 0000:34:00.0`.
 * Source: aws-fpga, sdk/userspace/fpga_mgmt_tools/README.md.
 */
const AFI = /^AFI\s+(\d+)\s+(No AFI|none|agfi-[0-9a-f]+)\s+(\S+)\s+-?\d+\s+(\S+)\s+-?\d+\s+(\S+)/m;
const DEVICE = /^AFIDEVICE\s+\d+\s+\S+\s+\S+\s+([0-9a-f:.]+)/m;

/** Runs one of aws-fpga's tools on a slot and reads its answer. They need root: `sudo -n` where we are not. */
export const slotBoard = async (
  machine: FpgaOptions['machine'],
  tool: string,
  slot: string,
  args: readonly string[],
): Promise<FpgaBoard> => {
  if (machine === undefined) throw new Error('boards of AWS are reached on a machine');
  const { shell } = machine;
  if ((await shell.which(tool)) === undefined)
    throw missing(`${tool} is not there`, {
      next: "build aws-fpga's management tools on the instance: source sdk_setup.sh",
    });
  const root = (await shell.run('id', ['-u'])).stdout.trim() === '0';
  const line = [tool, '-S', slot, ...args];
  const { exitCode, stdout, stderr } = root
    ? await shell.run(tool, line.slice(1), { timeoutMs: TOOL_MS })
    : await shell.run('sudo', ['-n', ...line], { timeoutMs: TOOL_MS });
  const said = `${stdout}\n${stderr}`;
  if (/a password is required|not in the sudoers/.test(said))
    throw missing(`${tool} needs root, and sudo asks for a password`, { next: 'run it as root, or --host root@…' });
  const [, board, image, state, error, shellVersion] = AFI.exec(stdout) ?? [];
  if (exitCode !== 0 || board === undefined) {
    const why =
      said
        .split('\n')
        .map((text) => text.trim())
        .find((text) => /error/i.test(text)) ?? `exit ${exitCode}`;
    throw failure(`${tool}, slot ${slot}: ${why.slice(0, 160)}`, {
      next: 'fpga-describe-local-image-slots on the instance lists its slots',
    });
  }
  return {
    board,
    device: DEVICE.exec(stdout)?.[1] ?? null,
    image: image!.startsWith('agfi-') ? image! : null,
    shell: shellVersion!,
    state: state!,
    error: error === 'ok' ? null : error!,
  };
};
