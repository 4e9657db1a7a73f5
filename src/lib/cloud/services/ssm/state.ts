import { slice, withNamed } from '../../slice.ts';
import type { CloudState } from '../../state.ts';

/** Parameter Store as far as keys of tunnels and image ids need it. */
export interface Parameter {
  readonly name: string;
  readonly type: 'String' | 'StringList' | 'SecureString';
  readonly value: string;
  readonly version: number;
  readonly changedAt: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** Anybody on the machine can read a snapshot: what is kept sealed is not in it. */
export const parameters = slice<readonly Parameter[]>('ssm', [], (own) =>
  own.map((one) => (one.type === 'SecureString' ? { ...one, value: '(sealed)' } : one)),
);

export const withParameter = (state: CloudState, parameter: Parameter): CloudState =>
  parameters.put(state, withNamed(parameters.of(state), parameter));
