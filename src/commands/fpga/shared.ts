import type { Command, Outcome } from '../../lib/core/command.ts';
import { defineCommand, type Definition } from '../../lib/core/define.ts';
import { missingFlag, usageError } from '../../lib/core/errors.ts';
import { nameOf, type Arguments, type Flags, type Options } from '../../lib/core/flags.ts';
import { parseVariable } from '../../lib/core/flags/kind.ts';
import type { Relations } from '../../lib/core/flags/read.ts';
import type { CloudName, FpgaCloud } from '../../lib/core/fpga.ts';
import type { ObjectStore } from '../../lib/core/objects.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { show } from '../../lib/core/words.ts';
import { region } from '../../lib/domain/kinds.ts';
import { regionProblem } from '../../lib/domain/regions.ts';
import { optionsOf, type CloudChoice } from '../../lib/fpga/choice.ts';
import { imageNamed } from '../../lib/fpga/follow.ts';
import { consent } from '../consent.ts';
import { CLOUD } from './flags.ts';

const VARIABLES = { aws: ['AWS_REGION', 'AWS_DEFAULT_REGION'], aliyun: ['ALIBABA_CLOUD_REGION_ID'] } as const;

/** The region: of the flag, else of the cloud's own variables. @throws usage error where it is not one of the cloud. */
export const regionFor = (cloud: CloudName, given: string | undefined, ports: Ports): string => {
  const found = given ?? parseVariable(region(cloud), ports, VARIABLES[cloud]);
  if (found === undefined) throw missingFlag('--region', `add it, or set ${VARIABLES[cloud][0]}`);
  const problem = regionProblem(found, cloud, ports.env);
  if (problem !== undefined) throw usageError(problem, { field: '--region' });
  return found;
};

/** What the cloud is asked by; opened when it is first needed. */
export interface Clouds {
  fpga(): Promise<FpgaCloud>;
  store(bucket: string): Promise<ObjectStore>;
}

export interface FpgaVerb<A extends Arguments, F extends Flags, O, Result, J>
  extends Relations<Extract<keyof A | keyof F, string>>,
    Pick<Definition<A, F, O, Result, J>, 'path' | 'summary' | 'details' | 'examples' | 'json' | 'data' | 'human'> {
  /** An argument `id` is the id of an image, and is checked as the cloud spells it. */
  readonly args?: A;
  /** Beside those that say which cloud. */
  readonly flags?: F;
  /** Flags that AWS knows nothing of. */
  readonly faasOnly?: readonly Extract<keyof F, string>[];
  refine?(options: Options<A, F> & CloudChoice, ports: Ports): O;
  run(options: O, clouds: Clouds, ports: Ports): Promise<Outcome<Result>>;
}

/** A command that asks one of the two clouds. */
export const fpgaCommand = <
  const A extends Arguments = Record<never, never>,
  const F extends Flags = Record<never, never>,
  Result = unknown,
  O extends CloudChoice = Options<A, F> & CloudChoice,
  J = unknown,
>({
  flags = {} as F,
  faasOnly = [],
  refine,
  run,
  ...rest
}: FpgaVerb<A, F, O, Result, J>): Command =>
  defineCommand<A, Flags, Result, O, J>({
    ...(rest as Pick<Definition<A, Flags, O, Result, J>, 'path' | 'summary' | 'examples' | 'json' | 'data' | 'human'>),
    flags: { ...CLOUD, ...flags },
    refine(given, ports) {
      const typed = given as unknown as Options<A, F> & Options<unknown, typeof CLOUD>;
      const { cloud } = typed;
      const options = { ...typed, region: regionFor(cloud, typed.region, ports) };
      const faas = cloud === 'aws' ? ['apiVersion', ...faasOnly].find((key) => given[key] !== undefined) : undefined;
      if (faas !== undefined)
        throw usageError('is for FaaS', { field: nameOf(faas), next: 'leave it out with --cloud aws' });
      if ('id' in given) checkImageId(String(given['id']), cloud);
      return refine === undefined ? (options as unknown as O) : refine(options, ports);
    },
    run: (options, ports) =>
      run(
        options,
        {
          fpga: () => ports.fpga(optionsOf(options, ports)),
          store: (name) => ports.objects(name, optionsOf(options, ports)),
        },
        ports,
      ),
  });

/** `afi-…`; what loads is `agfi-…`, which no other call takes. */
export const checkImageId = (id: string, cloud: CloudName, field = 'id'): void => {
  if (cloud === 'aws' && id.startsWith('agfi-'))
    throw usageError(`${show(id)} is a global id, by which images are loaded`, {
      field,
      next: 'use the afi-… that "hybridctl fpga list" shows beside it',
    });
  if (cloud === 'aws' && !/^afi-[0-9a-f]{8,17}$/.test(id))
    throw usageError(`${show(id)} is not an image id`, { field, next: 'hybridctl fpga list' });
};

/**
 * Does something to an image once somebody has agreed. @param question of the image, as a person knows it.
 * @returns whether it was done; false under --dry-run.
 */
export const onceAgreed = async (
  ports: Ports,
  { id, dryRun, yes }: { readonly id: string; readonly dryRun: boolean; readonly yes: boolean },
  fpga: FpgaCloud,
  question: (image: string) => string,
  act: () => Promise<void>,
): Promise<boolean> => {
  const { name, state } = await imageNamed(fpga, id);
  if (dryRun) return false;
  await consent(ports, { yes }, question(`the image ${id}${name === null ? '' : ` (${name})`}, which is ${state}`));
  await act();
  return true;
};
