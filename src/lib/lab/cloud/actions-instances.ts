import type { Action } from './actions.ts';
import { list, required, select, set, tags, yes, type Params, type Xml } from './protocol.ts';
import { associateAddress, associationOf, disassociateAddress, Ec2Error, findEni, findInstance, setSourceDestCheck, startInstance, stopInstance, type CloudState, type InstanceRecord } from './state.ts';
import type { InstanceState } from './types.ts';

/** EC2's numbers for instance states. */
const CODE: Record<InstanceState, number> = { pending: 0, running: 16, stopping: 64, stopped: 80 };
const stateElement = (state: InstanceState): Xml => ({ code: CODE[state], name: state });

const association = (instance: InstanceRecord): Xml => (instance.publicIp === undefined ? {} : { association: { publicIp: instance.publicIp, ipOwnerId: 'amazon' } });

const interfaceElement = (cloud: CloudState, instance: InstanceRecord): Xml => ({
  networkInterfaceId: instance.eni,
  subnetId: instance.subnet,
  vpcId: cloud.vpc.id,
  ownerId: cloud.owner,
  status: 'in-use',
  privateIpAddress: instance.privateIp,
  sourceDestCheck: instance.sourceDestCheck,
  ...association(instance),
});

const instanceElement = (cloud: CloudState, instance: InstanceRecord): Xml => ({
  instanceId: instance.id,
  instanceState: stateElement(instance.state),
  instanceType: 't3.medium',
  rootDeviceType: 'ebs',
  placement: { availabilityZone: instance.az, tenancy: 'default' },
  subnetId: instance.subnet,
  vpcId: cloud.vpc.id,
  privateIpAddress: instance.privateIp,
  ipAddress: instance.publicIp,
  sourceDestCheck: instance.sourceDestCheck,
  networkInterfaceSet: set([{ ...interfaceElement(cloud, instance), attachment: { attachmentId: `eni-attach-${instance.eni.slice(4)}`, deviceIndex: 0, status: 'attached', deleteOnTermination: true } }]),
  tagSet: tags(instance.name),
});

/** All instances change or none: EC2 refuses the whole call when one is in the wrong state. */
const transition = (params: Params, cloud: Parameters<Action>[0]['cloud'], step: (state: CloudState, id: string) => CloudState): Xml => {
  const ids = list(params, 'InstanceId');
  if (ids.length === 0) throw new Ec2Error('MissingParameter', 'The request must contain the parameter InstanceId');
  const before = cloud.stateAt(0);
  const after = cloud.change((state) => ids.reduce(step, state));
  return {
    instancesSet: set(ids.map((instanceId) => ({ instanceId, currentState: stateElement(findInstance(after, instanceId).state), previousState: stateElement(findInstance(before, instanceId).state) }))),
  };
};

const checkAttribute = (params: Params): boolean => {
  required(params, 'SourceDestCheck.Value');
  return yes(params, 'SourceDestCheck.Value');
};

export const INSTANCE_ACTIONS: Readonly<Record<string, Action>> = {
  DescribeInstances: ({ state, params }) => {
    const page = select(params, state.instances, {
      idParameter: 'InstanceId',
      absent: (id) => new Ec2Error('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`),
      id: (instance) => instance.id,
      fields: (instance) => ({
        'instance-id': [instance.id],
        'instance-state-name': [instance.state],
        'instance-state-code': [String(CODE[instance.state])],
        'vpc-id': [state.vpc.id],
        'subnet-id': [instance.subnet],
        'availability-zone': [instance.az],
        'private-ip-address': [instance.privateIp],
        'ip-address': [instance.publicIp],
        'network-interface.network-interface-id': [instance.eni],
        'tag:Name': [instance.name],
      }),
    });
    return {
      reservationSet: set(page.items.map((instance) => ({ reservationId: `r-${instance.id.slice(2)}`, ownerId: state.owner, groupSet: '', instancesSet: set([instanceElement(state, instance)]) }))),
      nextToken: page.nextToken,
    };
  },

  StopInstances: ({ cloud, params }) => transition(params, cloud, (state, id) => stopInstance(state, id, yes(params, 'Force'), cloud.now(), cloud.times)),

  StartInstances: ({ cloud, params }) => transition(params, cloud, (state, id) => startInstance(state, id, cloud.now(), cloud.times)),

  DescribeNetworkInterfaces: ({ state, params }) => {
    const page = select(params, state.instances, {
      idParameter: 'NetworkInterfaceId',
      absent: (id) => new Ec2Error('InvalidNetworkInterfaceID.NotFound', `The networkInterface ID '${id}' does not exist`),
      id: (instance) => instance.eni,
      fields: (instance) => ({
        'network-interface-id': [instance.eni],
        'attachment.instance-id': [instance.id],
        'vpc-id': [state.vpc.id],
        'subnet-id': [instance.subnet],
        'private-ip-address': [instance.privateIp],
        'source-dest-check': [String(instance.sourceDestCheck)],
        status: ['in-use'],
      }),
    });
    return {
      networkInterfaceSet: set(
        page.items.map((instance) => ({
          ...interfaceElement(state, instance),
          availabilityZone: instance.az,
          interfaceType: 'interface',
          attachment: { attachmentId: `eni-attach-${instance.eni.slice(4)}`, instanceId: instance.id, instanceOwnerId: state.owner, deviceIndex: 0, status: 'attached', deleteOnTermination: true },
          tagSet: tags(instance.name),
        })),
      ),
      nextToken: page.nextToken,
    };
  },

  ModifyNetworkInterfaceAttribute: ({ cloud, params }) => {
    cloud.change((state) => setSourceDestCheck(state, findEni(state, required(params, 'NetworkInterfaceId')), checkAttribute(params)));
    return { return: true };
  },

  ModifyInstanceAttribute: ({ cloud, params }) => {
    cloud.change((state) => setSourceDestCheck(state, findInstance(state, required(params, 'InstanceId')), checkAttribute(params)));
    return { return: true };
  },

  AssociateAddress: ({ cloud, params }) => {
    const instance = findInstance(cloud.stateAt(0), required(params, 'InstanceId'));
    cloud.change((state) => associateAddress(state, required(params, 'AllocationId'), instance, yes(params, 'AllowReassociation')));
    return { return: true, associationId: associationOf(instance) };
  },

  DisassociateAddress: ({ cloud, params }) => {
    cloud.change((state) => disassociateAddress(state, required(params, 'AssociationId')));
    return { return: true };
  },
};
