import * as sdk from '@aws-sdk/client-ec2';
import type { Output } from '../../../core/aws.ts';
import { ApiError, invalidValue } from '../../error.ts';
import type { CloudModel } from '../../model.ts';
import type { Operations } from '../../service.ts';
import { hasInterface, type CloudState } from '../../state.ts';
import { associationOf } from './address-state.ts';
import { tagsOf } from './tag-state.ts';
import { needed, takes } from './input.ts';
import { CODE, instanceOf, interfaceOf, profileAssociationOf, shownState } from './instance-shape.ts';
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
import { select, type Fields } from './select.ts';

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
const transition = (ids: readonly string[], cloud: CloudModel, step: (state: CloudState, id: string) => CloudState) => {
  const before = cloud.stateAt(0);
  const after = cloud.change((state) => ids.reduce(step, state));
  return ids.map((InstanceId) => ({
    InstanceId,
    CurrentState: shownState(findInstance(after, InstanceId).state),
    PreviousState: shownState(findInstance(before, InstanceId).state),
  }));
};

interface Attributes {
  readonly SourceDestCheck?: { readonly Value?: boolean | undefined } | undefined;
  readonly DisableApiTermination?: { readonly Value?: boolean | undefined } | undefined;
  readonly Groups?: readonly string[] | undefined;
}

/** One attribute a call, as EC2 takes them. */
const changed = (
  state: CloudState,
  instance: InstanceRecord,
  { SourceDestCheck, DisableApiTermination, Groups: ids = [] }: Attributes,
): CloudState => {
  const [check, protect] = [SourceDestCheck?.Value, DisableApiTermination?.Value];
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

const ATTRIBUTES: Readonly<Record<string, (instance: InstanceRecord) => Output<'ec2', 'DescribeInstanceAttribute'>>> = {
  userData: ({ userData }) => ({ UserData: userData === undefined ? {} : { Value: userData } }),
  sourceDestCheck: ({ sourceDestCheck }) => ({ SourceDestCheck: { Value: sourceDestCheck } }),
  instanceType: ({ type }) => ({ InstanceType: { Value: type } }),
  disableApiTermination: (instance) => ({ DisableApiTermination: { Value: instance.protected } }),
  groupSet: ({ groups }) => ({ Groups: groups.map((GroupId) => ({ GroupId })) }),
};

const health = (running: boolean) => ({
  Status: running ? ('ok' as const) : ('not-applicable' as const),
  Details: running ? [{ Name: 'reachability' as const, Status: 'passed' as const }] : [],
});

/** Instances, their interfaces and their instance profiles. */
export const instances = {
  DescribeInstances: takes(
    sdk.DescribeInstances$,
    ['InstanceIds', 'Filters', 'MaxResults', 'NextToken'],
    (input, { state }) => {
      const { items, NextToken } = select(input, state.instances, {
        ids: input.InstanceIds,
        absent: noInstance,
        id: ({ id }) => id,
        fields: fieldsOf,
        tags: ({ id }) => tagsOf(state, id),
      });
      return {
        Reservations: [...new Set(items.map(({ reservation }) => reservation))].map((ReservationId) => ({
          ReservationId,
          OwnerId: state.owner,
          Groups: [],
          Instances: items
            .filter(({ reservation }) => reservation === ReservationId)
            .map((instance) => instanceOf(state, instance)),
        })),
        NextToken,
      };
    },
  ),

  // Without IncludeAllInstances only what runs is shown.
  DescribeInstanceStatus: takes(
    sdk.DescribeInstanceStatus$,
    ['InstanceIds', 'IncludeAllInstances', 'Filters', 'MaxResults', 'NextToken'],
    (input, { state }) => {
      const { InstanceIds: ids = [], IncludeAllInstances: all = false } = input;
      const unknown = ids.find((id) => !state.instances.some((one) => one.id === id));
      if (unknown !== undefined) throw noInstance(unknown);
      const shown = state.instances.filter(
        (one) => (all || one.state === 'running') && (ids.length === 0 || ids.includes(one.id)),
      );
      const { items, NextToken } = select(input, shown, {
        absent: noInstance,
        id: ({ id }) => id,
        fields: fieldsOf,
        tags: ({ id }) => tagsOf(state, id),
      });
      return {
        InstanceStatuses: items.map((one) => ({
          InstanceId: one.id,
          AvailabilityZone: one.az,
          InstanceState: shownState(one.state),
          SystemStatus: health(one.state === 'running'),
          InstanceStatus: health(one.state === 'running'),
        })),
        NextToken,
      };
    },
  ),

  StopInstances: takes(sdk.StopInstances$, ['InstanceIds', 'Force'], ({ InstanceIds, Force = false }, cloud) => ({
    StoppingInstances: transition(InstanceIds, cloud, (state, id) =>
      stopInstance(state, id, Force, cloud.now(), cloud.times),
    ),
  })),

  StartInstances: takes(sdk.StartInstances$, ['InstanceIds'], ({ InstanceIds }, cloud) => ({
    StartingInstances: transition(InstanceIds, cloud, (state, id) =>
      startInstance(state, id, cloud.now(), cloud.times),
    ),
  })),

  TerminateInstances: takes(sdk.TerminateInstances$, ['InstanceIds'], ({ InstanceIds }, cloud) => ({
    TerminatingInstances: transition(InstanceIds, cloud, (state, id) =>
      terminateInstance(state, id, cloud.now(), cloud.times),
    ),
  })),

  DescribeInstanceAttribute: takes(
    sdk.DescribeInstanceAttribute$,
    ['InstanceId', 'Attribute'],
    ({ InstanceId, Attribute }, { state }) => {
      const instance = findInstance(state, InstanceId);
      const shown = Object.hasOwn(ATTRIBUTES, Attribute) ? ATTRIBUTES[Attribute] : undefined;
      if (shown === undefined)
        throw invalidValue(`Value (${Attribute}) for parameter attribute is invalid. Unknown attribute.`);
      return { InstanceId: instance.id, ...shown(instance) };
    },
  ),

  ModifyInstanceAttribute: takes(
    sdk.ModifyInstanceAttribute$,
    ['InstanceId', 'SourceDestCheck', 'DisableApiTermination', 'Groups'],
    (input, cloud) => {
      cloud.change((state) => changed(state, findInstance(state, input.InstanceId), input));
      return {};
    },
  ),

  DescribeNetworkInterfaces: takes(
    sdk.DescribeNetworkInterfaces$,
    ['NetworkInterfaceIds', 'Filters', 'MaxResults', 'NextToken'],
    (input, { state }) => {
      const { items, NextToken } = select(input, state.instances.filter(hasInterface), {
        ids: input.NetworkInterfaceIds,
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
      return { NetworkInterfaces: items.map((instance) => interfaceOf(state, instance)), NextToken };
    },
  ),

  ModifyNetworkInterfaceAttribute: takes(
    sdk.ModifyNetworkInterfaceAttribute$,
    ['NetworkInterfaceId', 'SourceDestCheck', 'Groups'],
    (input, cloud) => {
      cloud.change((state) => changed(state, findInterface(state, input.NetworkInterfaceId), input));
      return {};
    },
  ),

  AssociateIamInstanceProfile: takes(
    sdk.AssociateIamInstanceProfile$,
    ['InstanceId', 'IamInstanceProfile'],
    ({ InstanceId, IamInstanceProfile: { Name, Arn } }, cloud) => {
      const id = InstanceId;
      const after = cloud.change((state) => associateProfile(state, findInstance(state, id), { name: Name, arn: Arn }));
      return { IamInstanceProfileAssociation: profileAssociationOf(findInstance(after, id), 'associating') };
    },
  ),

  DisassociateIamInstanceProfile: takes(
    sdk.DisassociateIamInstanceProfile$,
    ['AssociationId'],
    ({ AssociationId }, cloud) => {
      const id = needed(AssociationId, 'AssociationId');
      const [, instance] = cloud.make((state) => disassociateProfile(state, id));
      return { IamInstanceProfileAssociation: profileAssociationOf(instance, 'disassociating') };
    },
  ),

  DescribeIamInstanceProfileAssociations: takes(
    sdk.DescribeIamInstanceProfileAssociations$,
    ['AssociationIds', 'Filters', 'MaxResults', 'NextToken'],
    (input, { state }) => {
      const { items, NextToken } = select(
        input,
        state.instances.filter(({ profile }) => profile !== undefined),
        {
          ids: input.AssociationIds,
          absent: (id) => new ApiError('NoSuchAssociation', `The association ID '${id}' does not exist`),
          id: ({ profile }) => profile!.id,
          fields: ({ id }) => ({ 'instance-id': [id], state: ['associated'] }),
        },
      );
      return {
        IamInstanceProfileAssociations: items.map((instance) => profileAssociationOf(instance, 'associated')),
        NextToken,
      };
    },
  ),
} satisfies Operations<'ec2'>;
