export interface Role {
  readonly name: string;
  readonly description: string;
  /** Who may take the role: a document of RAM, as JSON. */
  trust: string;
  /** Names of the policies that are attached. */
  readonly policies: Set<string>;
}

export interface PolicyVersion {
  readonly id: string;
  readonly document: string;
  /** When it was made, ms since the epoch. */
  readonly at: number;
  isDefault: boolean;
}

export interface Policy {
  readonly name: string;
  readonly description: string;
  readonly versions: PolicyVersion[];
  /** Number of the next version: numbers are never used twice. */
  next: number;
}

export interface RamState {
  /** By name. */
  readonly roles: Map<string, Role>;
  readonly policies: Map<string, Policy>;
}

export const newRam = (): RamState => ({ roles: new Map(), policies: new Map() });

/** RAM does not tell capital letters from small ones in the names of roles. */
export const roleNamed = ({ roles }: RamState, name: string): Role | undefined =>
  [...roles.values()].find((role) => role.name.toLowerCase() === name.toLowerCase());

const matches = (pattern: string, text: string): boolean =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  ).test(text);

interface Document {
  readonly Statement: readonly {
    readonly Effect: string;
    readonly Action: string | readonly string[];
    readonly Resource: string | readonly string[];
  }[];
}

/** Whether the policies of a role allow the action on the resource. Only the default version of a policy counts. */
export const roleAllows = ({ policies }: RamState, role: Role, action: string, resource: string): boolean =>
  [...role.policies]
    .flatMap((name) => policies.get(name)?.versions.find(({ isDefault }) => isDefault)?.document ?? [])
    .some((text) =>
      (JSON.parse(text) as Document).Statement.some(
        ({ Effect, Action, Resource }) =>
          Effect === 'Allow' &&
          [Action].flat().some((pattern) => matches(pattern, action)) &&
          [Resource].flat().some((pattern) => matches(pattern, resource)),
      ),
    );
