import { api, type Output } from '../../core/aws.ts';
import { unlessAbsent } from '../../core/errors.ts';
import type { ReadContext, Step, Values } from '../../core/procedure.ts';
import { sameDocument, trustOf, type PolicyDocument } from '../../domain/iam.ts';
import { tagsOf } from '../../domain/tags.ts';
import { part, resource } from '../kit/resource.ts';
import { nameOf } from './names.ts';

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

const roleNamed = async ({ aws }: ReadContext, RoleName: string) =>
  (await unlessAbsent(aws.ask('iam', 'GetRole', { RoleName })))?.Role;

/** A role that one service may take. Its name is in the slot `role/NAME`. */
export const role = (site: string, { name, service, region, description, path }: Role): Step => {
  const key = `role/${name}`;
  const RoleName = nameOf(site, name);
  const trust = trustOf(service, region);
  return resource<NonNullable<Output<'iam', 'GetRole'>['Role']>>(site, {
    key,
    title: `role ${RoleName}`,
    kind: 'role',
    byId: roleNamed,
    byName: (context) => roleNamed(context, RoleName),
    id: (is) => is.RoleName!,
    tags: ({ Tags }) => Tags,
    diff: ({ AssumeRolePolicyDocument = '' }) =>
      sameDocument(AssumeRolePolicyDocument, trust)
        ? []
        : [{ field: 'trust policy', is: `not that ${service} alone may take the role` }],
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
    update: (_values, is) => [
      api('iam', 'UpdateAssumeRolePolicy', { RoleName: is.RoleName!, PolicyDocument: JSON.stringify(trust) }),
    ],
    delete: (_values, id) => [api('iam', 'DeleteRole', { RoleName: id })],
  });
};

export interface RolePolicy {
  /** `gateways`: of the role in the slot `role/gateways`; the step is `policy/gateways`. */
  readonly name: string;
  /** Slots the document is made of; until they are known there is none. */
  readonly needs: readonly string[];
  document(value: (slot: string) => string): PolicyDocument;
  /** The role is somebody else's, and the user named it to be given this policy. */
  readonly onForeignRole?: boolean;
}

/** What the role may do, as an inline policy: it goes with the role and can't be attached to another. */
export const rolePolicy = (site: string, { name, needs, document, onForeignRole = false }: RolePolicy): Step => {
  const key = `policy/${name}`;
  const slot = `role/${name}`;
  const PolicyName = nameOf(site, name);
  const put = (values: Values) => [
    api('iam', 'PutRolePolicy', {
      RoleName: values(slot),
      PolicyName,
      PolicyDocument: JSON.stringify(document(values)),
    }),
  ];
  return part<Output<'iam', 'GetRolePolicy'>>({
    key,
    title: `policy ${PolicyName}`,
    parent: slot,
    // An adopted role may be allowed the same by policies of its own.
    lacking: 'tell',
    read: ({ aws, values }) => unlessAbsent(aws.ask('iam', 'GetRolePolicy', { RoleName: values(slot), PolicyName })),
    ...(onForeignRole ? { owned: () => true } : {}),
    id: () => PolicyName,
    diff: ({ PolicyDocument = '' }, values) =>
      needs.every((one) => values.has(one)) && sameDocument(PolicyDocument, document(values))
        ? []
        : [{ field: 'what it allows' }],
    create: put,
    update: put,
    delete: (values) => [api('iam', 'DeleteRolePolicy', { RoleName: values(slot), PolicyName })],
  });
};
