import type { Step } from '../../core/procedure.ts';
import { bucketPolicy } from '../../domain/s3/policy.ts';
import { filesOf, type MountSpec } from '../../domain/s3/spec.ts';
import { keyFormat, keyIdIn } from '../../render/s3/engines.ts';
import { s3Bucket } from '../aws/bucket.ts';
import { existingRole } from '../aws/lookups.ts';
import { rolePolicy } from '../aws/role.ts';
import { accessKey, user, userPolicy } from '../aws/user.ts';
import { bootSteps } from './boot.ts';
import { definitionStep, mountStep, proofStep, type MountStep } from './mount.ts';
import { cacheStep, directoryStep, keyFileStep } from './places.ts';
import { toolStep } from './tool.ts';

const WHAT = 's3';

/** Whose key it is: of a user made for this mount, of the instance's role, or one that was brought. */
const credentialSteps = (
  spec: MountSpec,
  { folder, machine, replaceKey = false }: Pick<MountStep, 'folder' | 'machine' | 'replaceKey'>,
): readonly Step[] => {
  const { name, engine, credentials } = spec;
  const own = filesOf(folder, name).key;
  if (credentials.kind === 'role')
    return [
      existingRole(WHAT, credentials.role),
      rolePolicy(name, { name: WHAT, needs: [], document: () => bucketPolicy(spec), onForeignRole: true }),
    ];
  const idIn = (text: string) => keyIdIn(engine, text);
  if (credentials.path !== own)
    return [
      keyFileStep(
        credentials.path,
        idIn,
        keyFormat(engine).replaceAll('\\n', ' ').replace('%s', 'ID').replace('%s', 'SECRET').trim(),
      ),
    ];
  return [
    user(name, WHAT, machine),
    userPolicy(name, WHAT, bucketPolicy(spec)),
    accessKey({
      name: WHAT,
      path: own,
      format: keyFormat(engine),
      idIn,
      machine,
      replace: replaceKey,
      replaceFlag: '--replace-key',
    }),
  ];
};

/** From the bucket to a mount that was proven, in the order of the field document. */
export const mountSteps = (
  spec: MountSpec,
  { create, ...options }: MountStep & { readonly create: boolean },
): readonly Step[] => [
  // First what can be refused without anything made.
  directoryStep(spec),
  ...(spec.cache === null ? [] : [cacheStep(spec.cache)]),
  s3Bucket(spec.name, { bucket: spec.bucket, region: spec.region, create, foreign: spec.url !== null }),
  toolStep(spec.engine),
  ...credentialSteps(spec, options),
  definitionStep(spec, options.folder),
  mountStep(spec, options),
  proofStep(spec, options),
  ...bootSteps(spec),
];

export interface Removal {
  /** What mounts it at boot goes too, and its definition. */
  readonly forget: boolean;
  /** User or policy and key go too. The bucket and what lies in it always stay. */
  readonly purge: boolean;
}

/**
 * The mount, and on request what was made for it. In the order in which it was made: the engine removes the last first.
 */
export const unmountSteps = (spec: MountSpec, options: MountStep, { forget, purge }: Removal): readonly Step[] => [
  ...(purge ? credentialSteps(spec, options) : []),
  ...(forget ? [definitionStep(spec, options.folder), ...bootSteps(spec)] : []),
  mountStep(spec, options),
];

/** A mount as it was written down, put in order: what is dead is mounted again. */
export const healSteps = (spec: MountSpec, options: MountStep): readonly Step[] => [
  toolStep(spec.engine),
  mountStep(spec, options),
];
