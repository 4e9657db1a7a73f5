import type { CliService } from './services.ts';

export const ec2: CliService = {
  /** The CLI encodes user data itself, and would do it twice. */
  input: ({ operation, input }) =>
    operation === 'RunInstances' && typeof input['UserData'] === 'string'
      ? { ...input, UserData: Buffer.from(input['UserData'], 'base64').toString('utf8') }
      : input,
};
