import {
  AssociateAddressCommand,
  DescribeAddressesCommand,
  DescribeInstancesCommand,
  ModifyInstanceAttributeCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  type Instance,
} from '@aws-sdk/client-ec2';
import { failure, usageError } from '../../core/errors.ts';
import type { CloudInstanceView, CloudOptions, Instances } from '../../core/ports.ts';
import { ec2Client, type Tuning } from './client.ts';
import { asHybridError, kindOfError, unreadable } from './errors.ts';
import { ec2 } from './services/ec2.ts';

/** The gateways' instances by the EC2 API. */
export const awsInstances = (options: CloudOptions, tuning: Partial<Tuning> = {}): Instances => {
  const { region, signal } = options;
  const client = ec2Client(options, tuning);
  const abort = signal === undefined ? {} : { abortSignal: signal };

  const calling = async <Answer extends { readonly $metadata: { requestId?: string | undefined } }>(
    operation: string,
    send: () => Promise<Answer>,
  ): Promise<Answer> => {
    try {
      const answer = await send();
      if (answer.$metadata.requestId === undefined) throw unreadable(ec2, operation);
      return answer;
    } catch (error) {
      const kind = kindOfError(error, ec2, operation);
      if (operation !== 'DescribeAddresses' && (kind === 'absent' || kind === 'invalid')) {
        throw usageError(`there is no such instance in ${region}`, {
          field: 'gateways.instance',
          next: 'correct the id in the site file',
          more: [(error as Error).message.slice(0, 160)],
          cause: error,
          call: 'refused',
        });
      }
      throw asHybridError(error, ec2, operation, region);
    }
  };

  return {
    async describe(ids) {
      if (ids.length === 0) return [];
      const { Reservations = [] } = await calling('DescribeInstances', () =>
        client.send(new DescribeInstancesCommand({ InstanceIds: [...new Set(ids)] }), abort),
      );
      const found = new Map(
        Reservations.flatMap((reservation) => reservation.Instances ?? []).map((instance) => [
          instance.InstanceId,
          viewOf(instance),
        ]),
      );
      return ids.map((id) => {
        const view = found.get(id);
        if (view === undefined)
          throw failure(`EC2's answer lacks instance ${id}`, {
            call: 'unclear',
            next: 'see to AWS_ENDPOINT_URL and any proxy in between',
          });
        return view;
      });
    },

    stop: async (instance, { force }) =>
      void (await calling('StopInstances', () =>
        client.send(new StopInstancesCommand({ InstanceIds: [instance], ...(force ? { Force: true } : {}) }), abort),
      )),

    start: async (instance) =>
      void (await calling('StartInstances', () =>
        client.send(new StartInstancesCommand({ InstanceIds: [instance] }), abort),
      )),

    async attachAddress(instance, publicIp) {
      const { Addresses = [] } = await calling('DescribeAddresses', () =>
        client.send(new DescribeAddressesCommand({ PublicIps: [publicIp] }), abort),
      );
      const allocation = Addresses[0]?.AllocationId;
      if (allocation === undefined)
        throw failure(`${publicIp} is no Elastic IP of this account`, {
          call: 'refused',
          next: 'correct public_ip in the site file',
        });
      await calling('AssociateAddress', () =>
        client.send(
          new AssociateAddressCommand({ AllocationId: allocation, InstanceId: instance, AllowReassociation: false }),
          abort,
        ),
      );
    },

    clearSourceDestCheck: async (instance) =>
      void (await calling('ModifyInstanceAttribute', () =>
        client.send(
          new ModifyInstanceAttributeCommand({ InstanceId: instance, SourceDestCheck: { Value: false } }),
          abort,
        ),
      )),
  };
};

const viewOf = ({ InstanceId, State, PublicIpAddress, SourceDestCheck }: Instance): CloudInstanceView => ({
  instance: InstanceId!,
  state: State?.Name ?? 'pending',
  publicIp: PublicIpAddress,
  // Unsaid: taken as on, which is EC2's default; clearing it twice does no harm.
  sourceDestCheck: SourceDestCheck ?? true,
});
