import { api } from '../../core/aws.ts';
import type { Step } from '../../core/procedure.ts';
import { sameDocument, trustOf, type PolicyDocument } from '../../domain/iam.ts';
import { isOurs, tagsOf } from '../../domain/tags.ts';
import { nameOf, NO_ENTITY, refuseForeign, unlessNone } from './names.ts';

export interface Role {
  /** `gateways`: the step is `role/gateways`, the role `hybridctl-SITE-gateways`. */
  readonly name: string;
  /** Who takes it, as partitions spell it: `ec2`. */
  readonly service: string;
  readonly region: string;
  readonly description: string;
  /** IAM path, `/network/`. Default `/`. */
  readonly path?: string;
}

/** A role that one service may take. Its name is in the slot `role/NAME`. */
export const role = (site: string, { name, service, region, description, path }: Role): Step => {
  const key = `role/${name}`;
  const RoleName = nameOf(site, name);
  const trust = trustOf(service, region);
  return {
    key,
    title: `role ${RoleName}`,
    async read({ aws, adopted }) {
      const id = adopted.get(key);
      const answer = await unlessNone(aws.ask('iam', 'GetRole', { RoleName: id ?? RoleName }), NO_ENTITY);
      const found = answer?.Role;
      if (found === undefined && id === undefined) return { state: 'absent' };
      const owned = isOurs(found?.Tags, site, key);
      if (id === undefined) refuseForeign('a role', RoleName, found?.Tags, site, key);
      const what = { id: found?.RoleName ?? id!, owned };
      return !owned || sameDocument(found?.AssumeRolePolicyDocument ?? '', trust)
        ? { state: 'ready', found: what }
        : { state: 'differs', found: what, differences: [`its trust policy is not that ${service} may take it`] };
    },
    create: () => [
      api('iam', 'CreateRole', {
        RoleName,
        AssumeRolePolicyDocument: JSON.stringify(trust),
        Description: description,
        Tags: tagsOf(site, key),
        ...(path === undefined ? {} : { Path: path }),
      }),
    ],
    idPath: 'Role.RoleName',
    update: (_values, { id }) => [
      api('iam', 'UpdateAssumeRolePolicy', { RoleName: id, PolicyDocument: JSON.stringify(trust) }),
    ],
    delete: (_values, id) => [api('iam', 'DeleteRole', { RoleName: id })],
  };
};

export interface RolePolicy {
  /** `gateways`: of the role in the slot `role/gateways`; the step is `policy/gateways`. */
  readonly name: string;
  /** Slots the document is made of; until they are known there is none. */
  readonly needs: readonly string[];
  document(value: (slot: string) => string): PolicyDocument;
}

/** What the role may do, as an inline policy: it goes with the role and can't be attached to another. */
export const rolePolicy = (site: string, { name, needs, document }: RolePolicy): Step => {
  const key = `policy/${name}`;
  const slot = `role/${name}`;
  const PolicyName = nameOf(site, name);
  return {
    key,
    title: `policy ${PolicyName}`,
    needs: [slot],
    async read({ aws, values }) {
      const answer = await unlessNone(
        aws.ask('iam', 'GetRolePolicy', { RoleName: values(slot), PolicyName }),
        NO_ENTITY,
      );
      if (answer === undefined) return { state: 'absent' };
      const found = { id: PolicyName, owned: true };
      const known = needs.every((one) => values.has(one));
      return known && sameDocument(answer.PolicyDocument ?? '', document(values))
        ? { state: 'ready', found }
        : { state: 'differs', found, differences: ['it allows something else'] };
    },
    create: (values) => [
      api('iam', 'PutRolePolicy', {
        RoleName: values(slot),
        PolicyName,
        PolicyDocument: JSON.stringify(document(values)),
      }),
    ],
    update: (values) => [
      api('iam', 'PutRolePolicy', {
        RoleName: values(slot),
        PolicyName,
        PolicyDocument: JSON.stringify(document(values)),
      }),
    ],
    delete: (values) => [api('iam', 'DeleteRolePolicy', { RoleName: values(slot), PolicyName })],
  };
};
