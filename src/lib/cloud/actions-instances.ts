import type { Action } from './actions.ts';
import { associationOf } from './address-state.ts';
import { CODE, instanceElement, interfaceElement, profileElement, stateElement } from './instance-elements.ts';
import {
  associateProfile,
  disassociateProfile,
  findInstance,
  findInterface,
  setGroups,
  setSourceDestCheck,
  startInstance,
  stopInstance,
  terminateInstance,
  withInstance,
  type InstanceRecord,
} from './instance-state.ts';
import { FILTERS, flagIn, PAGES, someOf, takes } from './params.ts';
import { list, optional, required, select, set, yes, type Fields, type Params, type Xml } from './protocol.ts';
import { ApiError, invalidValue } from './error.ts';
import { hasInterface, type CloudState } from './state.ts';
import { tagsOf } from './tag-state.ts';

const noInstance = (id: string): ApiError =>
  new ApiError('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`);

const fieldsOf = (instance: InstanceRecord): Fields => {
  const live = hasInterface(instance);
  return {
    'instance-id': [instance.id],
    'instance-state-name': [instance.state],
    'instance-state-code': [String(CODE[instance.state])],
    'instance-type': [instance.type],
    'image-id': [instance.image],
    'key-name': [instance.keyName],
    'client-token': [instance.clientToken],
    'reservation-id': [instance.reservation],
    'iam-instance-profile.arn': [instance.profile?.arn],
    'availability-zone': [instance.az],
    'source-dest-check': [String(instance.sourceDestCheck)],
    'vpc-id': live ? [instance.vpc] : [],
    'subnet-id': live ? [instance.subnet] : [],
    'private-ip-address': live ? [instance.privateIp] : [],
    'ip-address': [instance.publicIp],
    'instance.group-id': instance.groups,
    'network-interface.network-interface-id': live ? [instance.eni] : [],
  };
};

/** All instances change or none: EC2 refuses the whole call when one is in the wrong state. */
const transition = (
  params: Params,
  cloud: Parameters<Action>[0]['cloud'],
  step: (state: CloudState, id: string) => CloudState,
): Xml => {
  const ids = someOf(params, 'InstanceId');
  const before = cloud.stateAt(0);
  const after = cloud.change((state) => ids.reduce(step, state));
  return {
    instancesSet: set(
      ids.map((instanceId) => ({
        instanceId,
        currentState: stateElement(findInstance(after, instanceId).state),
        previousState: stateElement(findInstance(before, instanceId).state),
      })),
    ),
  };
};

/** One attribute a call, as EC2 takes them. */
const attributeIn = (state: CloudState, instance: InstanceRecord, params: Params, groups: string): CloudState => {
  const check = flagIn(params, 'SourceDestCheck.Value');
  const protect = flagIn(params, 'DisableApiTermination.Value');
  const ids = list(params, groups);
  const given = [check !== undefined, protect !== undefined, ids.length > 0].filter(Boolean).length;
  if (given === 0)
    throw new ApiError(
      'MissingParameter',
      'The request must contain the parameter SourceDestCheck.Value, or another attribute',
    );
  if (given > 1)
    throw new ApiError(
      'InvalidParameterCombination',
      'Fields for multiple attribute types specified: use one at a time',
    );
  if (check !== undefined) return setSourceDestCheck(state, instance, check);
  return protect === undefined
    ? setGroups(state, instance, ids)
    : withInstance(state, { ...instance, protected: protect });
};

const ATTRIBUTES: Readonly<Record<string, (state: CloudState, instance: InstanceRecord) => Xml>> = {
  userData: (_, { userData }) => ({ userData: userData === undefined ? '' : { value: userData } }),
  sourceDestCheck: (_, { sourceDestCheck }) => ({ sourceDestCheck: { value: sourceDestCheck } }),
  instanceType: (_, { type }) => ({ instanceType: { value: type } }),
  disableApiTermination: (_, instance) => ({ disableApiTermination: { value: instance.protected } }),
  groupSet: (_, { groups }) => ({ groupSet: set(groups.map((groupId) => ({ groupId }))) }),
};

const health = (running: boolean): Xml => ({
  status: running ? 'ok' : 'not-applicable',
  details: running ? set([{ name: 'reachability', status: 'passed' }]) : '',
});

export const INSTANCE_ACTIONS: Readonly<Record<string, Action>> = {
  DescribeInstances: takes(['InstanceId.#', ...FILTERS, ...PAGES], ({ state, params }) => {
    const page = select(params, state.instances, {
      idParameter: 'InstanceId',
      absent: noInstance,
      id: ({ id }) => id,
      fields: fieldsOf,
      tags: ({ id }) => tagsOf(state, id),
    });
    const reservations = [...new Set(page.items.map(({ reservation }) => reservation))];
    return {
      reservationSet: set(
        reservations.map((reservationId) => ({
          reservationId,
          ownerId: state.owner,
          groupSet: '',
          instancesSet: set(
            page.items
              .filter(({ reservation }) => reservation === reservationId)
              .map((instance) => instanceElement(state, instance)),
          ),
        })),
      ),
      nextToken: page.nextToken,
    };
  }),

  // Without IncludeAllInstances only what runs is told of.
  DescribeInstanceStatus: takes(['InstanceId.#', 'IncludeAllInstances', ...FILTERS, ...PAGES], ({ state, params }) => {
    const ids = list(params, 'InstanceId');
    const unknown = ids.find((id) => !state.instances.some((one) => one.id === id));
    if (unknown !== undefined) throw noInstance(unknown);
    const shown = state.instances.filter(
      (one) =>
        (yes(params, 'IncludeAllInstances') || one.state === 'running') && (ids.length === 0 || ids.includes(one.id)),
    );
    const page = select(new Map([...params].filter(([name]) => !name.startsWith('InstanceId.'))), shown, {
      idParameter: 'InstanceId',
      absent: noInstance,
      id: ({ id }) => id,
      fields: fieldsOf,
      tags: ({ id }) => tagsOf(state, id),
    });
    return {
      instanceStatusSet: set(
        page.items.map((one) => ({
          instanceId: one.id,
          availabilityZone: one.az,
          instanceState: stateElement(one.state),
          systemStatus: health(one.state === 'running'),
          instanceStatus: health(one.state === 'running'),
        })),
      ),
      nextToken: page.nextToken,
    };
  }),

  StopInstances: takes(['InstanceId.#', 'Force'], ({ cloud, params }) =>
    transition(params, cloud, (state, id) => stopInstance(state, id, yes(params, 'Force'), cloud.now(), cloud.times)),
  ),

  StartInstances: takes(['InstanceId.#'], ({ cloud, params }) =>
    transition(params, cloud, (state, id) => startInstance(state, id, cloud.now(), cloud.times)),
  ),

  TerminateInstances: takes(['InstanceId.#'], ({ cloud, params }) =>
    transition(params, cloud, (state, id) => terminateInstance(state, id, cloud.now(), cloud.times)),
  ),

  DescribeInstanceAttribute: takes(['InstanceId', 'Attribute'], ({ state, params }) => {
    const instance = findInstance(state, required(params, 'InstanceId'));
    const attribute = required(params, 'Attribute');
    const shown = Object.hasOwn(ATTRIBUTES, attribute) ? ATTRIBUTES[attribute] : undefined;
    if (shown === undefined)
      throw invalidValue(`Value (${attribute}) for parameter attribute is invalid. Unknown attribute.`);
    return { instanceId: instance.id, ...shown(state, instance) };
  }),

  ModifyInstanceAttribute: takes(
    ['InstanceId', 'SourceDestCheck.Value', 'DisableApiTermination.Value', 'GroupId.#'],
    ({ cloud, params }) => {
      cloud.change((state) =>
        attributeIn(state, findInstance(state, required(params, 'InstanceId')), params, 'GroupId'),
      );
      return { return: true };
    },
  ),

  DescribeNetworkInterfaces: takes(['NetworkInterfaceId.#', ...FILTERS, ...PAGES], ({ state, params }) => {
    const page = select(params, state.instances.filter(hasInterface), {
      idParameter: 'NetworkInterfaceId',
      absent: (id) =>
        new ApiError('InvalidNetworkInterfaceID.NotFound', `The networkInterface ID '${id}' does not exist`),
      id: (instance) => instance.eni,
      fields: (instance) => ({
        'network-interface-id': [instance.eni],
        'attachment.instance-id': [instance.id],
        'attachment.status': ['attached'],
        'association.public-ip': [instance.publicIp],
        'association.association-id': [instance.publicIp === undefined ? undefined : associationOf(instance)],
        'availability-zone': [instance.az],
        'group-id': instance.groups,
        'vpc-id': [instance.vpc],
        'subnet-id': [instance.subnet],
        'private-ip-address': [instance.privateIp],
        'source-dest-check': [String(instance.sourceDestCheck)],
        status: ['in-use'],
      }),
      tags: ({ eni }) => tagsOf(state, eni),
    });
    return {
      networkInterfaceSet: set(page.items.map((instance) => interfaceElement(state, instance))),
      nextToken: page.nextToken,
    };
  }),

  ModifyNetworkInterfaceAttribute: takes(
    ['NetworkInterfaceId', 'SourceDestCheck.Value', 'SecurityGroupId.#'],
    ({ cloud, params }) => {
      cloud.change((state) =>
        attributeIn(state, findInterface(state, required(params, 'NetworkInterfaceId')), params, 'SecurityGroupId'),
      );
      return { return: true };
    },
  ),

  AssociateIamInstanceProfile: takes(
    ['InstanceId', 'IamInstanceProfile.Name', 'IamInstanceProfile.Arn'],
    ({ cloud, params }) => {
      const id = required(params, 'InstanceId');
      const given = {
        name: optional(params, 'IamInstanceProfile.Name'),
        arn: optional(params, 'IamInstanceProfile.Arn'),
      };
      const after = cloud.change((state) => associateProfile(state, findInstance(state, id), given));
      return { iamInstanceProfileAssociation: profileElement(findInstance(after, id), 'associating') };
    },
  ),

  DisassociateIamInstanceProfile: takes(['AssociationId'], ({ cloud, params }) => {
    const [, instance] = cloud.make((state) => disassociateProfile(state, required(params, 'AssociationId')));
    return { iamInstanceProfileAssociation: profileElement(instance, 'disassociating') };
  }),

  DescribeIamInstanceProfileAssociations: takes(['AssociationId.#', ...FILTERS, ...PAGES], ({ state, params }) => {
    const page = select(
      params,
      state.instances.filter(({ profile }) => profile !== undefined),
      {
        idParameter: 'AssociationId',
        absent: (id) => new ApiError('NoSuchAssociation', `The association ID '${id}' does not exist`),
        id: ({ profile }) => profile!.id,
        fields: ({ id }) => ({ 'instance-id': [id], state: ['associated'] }),
      },
    );
    return {
      iamInstanceProfileAssociationSet: set(page.items.map((instance) => profileElement(instance, 'associated'))),
      nextToken: page.nextToken,
    };
  }),
};
