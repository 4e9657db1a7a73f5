import * as sdk from '@aws-sdk/client-ec2';
import type { Input, Operation, Output } from '../../src/lib/core/aws.ts';

type Ec2Operation = Operation<'ec2'>;

export interface Ec2 {
  ask<O extends Ec2Operation>(operation: O, input: Input<'ec2', O>): Promise<Output<'ec2', O>>;
  /** The error's code; `ok` where there is none. */
  code<O extends Ec2Operation>(operation: O, input: Input<'ec2', O>): Promise<string>;
}

/** The SDK with every operation it has, also those that hybridctl never sends. Nothing is tried twice. */
export const ec2 = ({ url }: { readonly url: string }): Ec2 => {
  const client = new sdk.EC2Client({
    endpoint: url,
    region: 'cn-north-1',
    credentials: { accessKeyId: 'lab', secretAccessKey: 'never-shown' },
    maxAttempts: 1,
  });
  const ask = (operation: string, input: object): Promise<unknown> => {
    const Command = (sdk as unknown as Record<string, new (input: object) => never>)[`${operation}Command`]!;
    return client.send(new Command(input));
  };
  return {
    ask: ask as Ec2['ask'],
    code: (operation, input) =>
      ask(operation, input as object).then(
        () => 'ok',
        (error: Error) => error.name,
      ),
  };
};
