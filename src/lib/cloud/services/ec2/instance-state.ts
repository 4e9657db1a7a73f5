import { profileOf } from './profile.ts';
import { ApiError, invalidValue } from '../../error.ts';
import {
  findIn,
  findSubnet,
  fresh,
  freshPublicIp,
  hasInterface,
  idOf,
  privateIpIn,
  replaced,
  type CloudState,
  type Due,
} from '../../state.ts';
import type { Tags } from '../../tags.ts';
import { addTags, withoutTags } from './tag-state.ts';
import type { CloudInstance, InstanceState, TransitionTimes } from '../../types.ts';

export interface InstanceRecord extends CloudInstance {
  readonly due: Due<InstanceState> | undefined;
  readonly vpc: string;
  /** Security groups of the interface. */
  readonly groups: readonly string[];
  readonly image: string;
  readonly type: string;
  readonly keyName: string | undefined;
  readonly profile: ProfileAssociation | undefined;
  /** As it was sent, in base64. */
  readonly userData: string | undefined;
  readonly metadata: MetadataOptions;
  readonly reservation: string;
  readonly clientToken: string | undefined;
  readonly launchedAt: number;
  readonly protected: boolean;
  /** A public address that is not an Elastic IP: another one after each start. */
  readonly borrowsPublicIp: boolean;
  readonly volumes: readonly Volume[];
}

export interface ProfileAssociation {
  readonly id: string;
  readonly arn: string;
  readonly profile: string;
}

export interface MetadataOptions {
  readonly tokens: 'optional' | 'required';
  readonly hops: number;
  readonly endpoint: 'enabled' | 'disabled';
  readonly tags: 'enabled' | 'disabled';
}

export interface Volume {
  readonly id: string;
  readonly device: string;
}

/** What a client token was used for. */
export interface Launch {
  readonly token: string;
  /** The whole request but the token: another one under the same token is refused. */
  readonly request: string;
  readonly instances: readonly string[];
}

export const findInstance = (state: CloudState, id: string): InstanceRecord =>
  findIn(state.instances, id, 'InvalidInstanceID.NotFound', 'instance ID');
export const findInterface = (state: CloudState, id: string): InstanceRecord => {
  const found = state.instances.filter(hasInterface).find(({ eni }) => eni === id);
  if (found === undefined)
    throw new ApiError('InvalidNetworkInterfaceID.NotFound', `The networkInterface ID '${id}' does not exist`);
  return found;
};

export const withInstance = (state: CloudState, instance: InstanceRecord): CloudState => ({
  ...state,
  instances: replaced(state.instances, instance),
});

export const setSourceDestCheck = (state: CloudState, instance: InstanceRecord, enabled: boolean): CloudState =>
  withInstance(state, { ...instance, sourceDestCheck: enabled });

/** The groups of its interface, all of them. @throws ApiError where one is not of its VPC. */
export const setGroups = (state: CloudState, instance: InstanceRecord, groups: readonly string[]): CloudState =>
  withInstance(state, { ...instance, groups: groupsIn(state, instance.vpc, groups) });

/** Groups that an interface of the VPC may have. */
const groupsIn = (state: CloudState, vpc: string, ids: readonly string[]): readonly string[] => {
  for (const id of ids) {
    const group = state.securityGroups.find((other) => other.id === id);
    if (group === undefined) throw new ApiError('InvalidGroup.NotFound', `The security group '${id}' does not exist`);
    if (group.vpc !== vpc)
      throw new ApiError('InvalidParameter', `Security group ${id} and subnet belong to different networks.`);
  }
  return [...new Set(ids)];
};

/** What RunInstances asks for, understood. */
export interface LaunchInput {
  readonly image: string;
  readonly type: string;
  readonly count: number;
  readonly subnet: string;
  readonly privateIp: string | undefined;
  /** Empty: the VPC's default group. */
  readonly groups: readonly string[];
  /** undefined: as the subnet does. */
  readonly publicIp: boolean | undefined;
  readonly keyName: string | undefined;
  readonly profile: { readonly name?: string | undefined; readonly arn?: string | undefined } | undefined;
  readonly userData: string | undefined;
  readonly metadata: MetadataOptions;
  readonly protected: boolean;
  readonly devices: readonly string[];
  readonly clientToken: string | undefined;
  readonly request: string;
  readonly tags: { readonly instance: Tags; readonly volume: Tags; readonly interface: Tags };
}

/**
 * Launches, or answers with what the same request under the same client token launched before.
 * @returns the state and the ids. @throws ApiError, with nothing done.
 */
export const runInstances = (
  state: CloudState,
  input: LaunchInput,
  now: number,
  times: TransitionTimes,
): readonly [CloudState, readonly string[]] => {
  const before =
    input.clientToken === undefined ? undefined : state.launches.find(({ token }) => token === input.clientToken);
  if (before !== undefined) {
    if (before.request !== input.request)
      throw new ApiError('IdempotentParameterMismatch', 'The client token was used before, with other parameters.');
    if (before.instances.some((id) => !state.instances.some((one) => one.id === id && hasInterface(one)))) {
      throw new ApiError(
        'IdempotentInstanceTerminated',
        'The request to launch an instance uses the same client token as a previous request for which the instance has been terminated.',
      );
    }
    return [state, before.instances];
  }
  const alive = state.instances.filter(hasInterface).length;
  if (alive + input.count > state.quotas.instances) {
    throw new ApiError(
      'InstanceLimitExceeded',
      `You have requested more instances (${alive + input.count}) than your current instance limit of ${state.quotas.instances} allows for the specified instance type.`,
    );
  }
  if (input.keyName !== undefined && !state.keyPairs.some(({ name }) => name === input.keyName))
    throw new ApiError('InvalidKeyPair.NotFound', `The key pair '${input.keyName}' does not exist`);
  const [reservation, numbered] = fresh(state, 'r');
  let next = numbered;
  const ids: string[] = [];
  for (let at = 0; at < input.count; at += 1) {
    const [instance, made] = launchOne(next, input, reservation, now, times);
    next = made;
    ids.push(instance);
  }
  const launches =
    input.clientToken === undefined
      ? next.launches
      : [...next.launches, { token: input.clientToken, request: input.request, instances: ids }];
  return [{ ...next, launches }, ids];
};

const launchOne = (
  state: CloudState,
  input: LaunchInput,
  reservation: string,
  now: number,
  times: TransitionTimes,
): readonly [string, CloudState] => {
  const subnet = findSubnet(state, input.subnet);
  const groups =
    input.groups.length > 0
      ? input.groups
      : state.securityGroups.filter(({ vpc, name }) => vpc === subnet.vpc && name === 'default').map(({ id }) => id);
  const [id, numbered] = fresh(state, 'i');
  const borrowsPublicIp = input.publicIp ?? subnet.givesPublicIp;
  const [publicIp, addressed] = borrowsPublicIp ? freshPublicIp(numbered) : [undefined, numbered];
  const instance: InstanceRecord = {
    id,
    name: undefined,
    az: subnet.az,
    vpc: subnet.vpc,
    subnet: subnet.id,
    eni: idOf('eni', id),
    privateIp: privateIpIn(state, subnet, input.privateIp),
    publicIp,
    state: 'pending',
    due: { at: now + times.startMs, to: 'running' },
    sourceDestCheck: true,
    groups: groupsIn(state, subnet.vpc, groups),
    image: input.image,
    type: input.type,
    keyName: input.keyName,
    profile: input.profile === undefined ? undefined : associationOfProfile(state, id, input.profile),
    userData: input.userData,
    metadata: input.metadata,
    reservation,
    clientToken: input.clientToken,
    launchedAt: now,
    protected: input.protected,
    borrowsPublicIp,
    volumes: input.devices.map((device) => ({ id: idOf('vol', id, device), device })),
  };
  const made = { ...addressed, instances: [...addressed.instances, instance] };
  const tagged = addTags(addTags(made, [id], input.tags.instance), [instance.eni], input.tags.interface);
  return [
    id,
    addTags(
      tagged,
      instance.volumes.map((volume) => volume.id),
      input.tags.volume,
    ),
  ];
};

const associationOfProfile = (
  state: CloudState,
  instance: string,
  given: NonNullable<LaunchInput['profile']>,
): ProfileAssociation => {
  const { id, arn } = profileOf(state, given);
  return { id: idOf('iip-assoc', instance, id), arn, profile: id };
};

/** @throws ApiError where it has one already. */
export const associateProfile = (
  state: CloudState,
  instance: InstanceRecord,
  given: NonNullable<LaunchInput['profile']>,
): CloudState => {
  if (instance.profile !== undefined)
    throw new ApiError('IncorrectState', `There is an existing association for instance ${instance.id}`);
  if (instance.state !== 'running' && instance.state !== 'stopped')
    throw new ApiError(
      'IncorrectInstanceState',
      `The instance '${instance.id}' is not in the 'running' or 'stopped' state.`,
    );
  return withInstance(state, { ...instance, profile: associationOfProfile(state, instance.id, given) });
};

/** @returns the state, and the instance that had it. */
export const disassociateProfile = (state: CloudState, association: string): readonly [CloudState, InstanceRecord] => {
  const instance = state.instances.find(({ profile }) => profile?.id === association);
  if (instance === undefined)
    throw new ApiError('NoSuchAssociation', `The association ID '${association}' does not exist`);
  return [withInstance(state, { ...instance, profile: undefined }), instance];
};

const wrongState = (id: string, verb: string): ApiError =>
  new ApiError('IncorrectInstanceState', `The instance '${id}' is not in a state from which it can be ${verb}.`);

/**
 * Stopping what is stopped or stopping is no error; Force shortens a stop under way. A borrowed public address is given
 * back.
 */
export const stopInstance = (
  state: CloudState,
  id: string,
  force: boolean,
  now: number,
  times: TransitionTimes,
): CloudState => {
  const instance = findInstance(state, id);
  if (instance.state === 'pending' || !isThere(instance)) throw wrongState(id, 'stopped');
  if (instance.state === 'stopped') return state;
  const at = now + (force ? times.forcedStopMs : times.stopMs);
  const sooner = instance.due === undefined ? at : Math.min(at, instance.due.at);
  const publicIp = state.addresses.find((address) => address.publicIp === instance.publicIp)?.publicIp;
  return withInstance(state, { ...instance, publicIp, state: 'stopping', due: { at: sooner, to: 'stopped' } });
};

/** Starting what runs is no error; what is still stopping can't be started. */
export const startInstance = (state: CloudState, id: string, now: number, times: TransitionTimes): CloudState => {
  const instance = findInstance(state, id);
  if (instance.state === 'stopping' || !isThere(instance)) throw wrongState(id, 'started');
  if (instance.state !== 'stopped') return state;
  const [publicIp, next] =
    instance.borrowsPublicIp && instance.publicIp === undefined ? freshPublicIp(state) : [instance.publicIp, state];
  return withInstance(next, {
    ...instance,
    publicIp,
    state: 'pending',
    due: { at: now + times.startMs, to: 'running' },
  });
};

/** Terminating what is terminated is no error. Its interface and the association of its address go when it is over. */
export const terminateInstance = (state: CloudState, id: string, now: number, times: TransitionTimes): CloudState => {
  const instance = findInstance(state, id);
  if (!isThere(instance)) return state;
  if (instance.protected)
    throw new ApiError(
      'OperationNotPermitted',
      `The instance '${id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`,
    );
  return withInstance(state, {
    ...instance,
    state: 'shutting-down',
    due: { at: now + times.terminateMs, to: 'terminated' },
  });
};

const isThere = ({ state }: InstanceRecord): boolean => state !== 'shutting-down' && state !== 'terminated';

/** Transitions whose time has come. What is terminated is shown for a while, then forgotten. */
export const advanceInstances = (state: CloudState, now: number, times: TransitionTimes): CloudState =>
  state.instances.reduce((next, instance) => {
    const { due } = instance;
    if (due === undefined || due.at > now) return next;
    if (instance.state === 'terminated')
      return withoutTags({ ...next, instances: next.instances.filter(({ id }) => id !== instance.id) }, instance.id);
    if (due.to !== 'terminated') return withInstance(next, { ...instance, state: due.to, due: undefined });
    const over: InstanceRecord = {
      ...instance,
      state: 'terminated',
      publicIp: undefined,
      profile: undefined,
      volumes: [],
      groups: [],
      due: { at: due.at + times.forgetMs, to: 'terminated' },
    };
    return withoutTags(withInstance(next, over), instance.eni, ...instance.volumes.map(({ id }) => id));
  }, state);

/** @throws ApiError where an image is not for the type's processor. */
export const refuseOtherProcessor = (type: string, architecture: string): void => {
  if (!/^[a-z][a-z0-9-]*\.(?:nano|micro|small|medium|large|\d*xlarge|metal(?:-\d+xl)?)$/.test(type))
    throw invalidValue(`Invalid value '${type}' for InstanceType.`);
  const wanted = /^(?:a1|[a-z]+\d+g[a-z]*)\./.test(type) ? 'arm64' : 'x86_64';
  if (wanted !== architecture)
    throw invalidValue(
      `The architecture '${wanted}' of the specified instance type does not match the architecture '${architecture}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again.`,
    );
};
