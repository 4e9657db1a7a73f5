import type { Action } from './actions.ts';
import { FILTERS, PAGES, takes } from './params.ts';
import { ApiError } from './error.ts';
import { idOf } from './state.ts';
import { select, set } from './protocol.ts';

const entry = (ruleNumber: number, ruleAction: 'allow' | 'deny', egress: boolean) => ({
  ruleNumber,
  protocol: '-1',
  ruleAction,
  egress,
  cidrBlock: '0.0.0.0/0',
});
const ENTRIES = [true, false].flatMap((egress) => [entry(100, 'allow', egress), entry(32_767, 'deny', egress)]);

/** A VPC's default network ACL, which lets everything pass; no other is made here. */
export const ACL_ACTIONS: Readonly<Record<string, Action>> = {
  DescribeNetworkAcls: takes(['NetworkAclId.#', ...FILTERS, ...PAGES], ({ state, params }) => {
    const acls = state.vpcs.map((vpc) => {
      const id = idOf('acl', vpc.id);
      return {
        id,
        vpc: vpc.id,
        associations: state.subnets
          .filter((subnet) => subnet.vpc === vpc.id)
          .map((subnet) => ({
            networkAclAssociationId: idOf('aclassoc', subnet.id),
            networkAclId: id,
            subnetId: subnet.id,
          })),
      };
    });
    const page = select(params, acls, {
      idParameter: 'NetworkAclId',
      absent: (id) => new ApiError('InvalidNetworkAclID.NotFound', `The networkAcl ID '${id}' does not exist`),
      id: ({ id }) => id,
      fields: ({ id, vpc, associations }) => ({
        'network-acl-id': [id],
        'vpc-id': [vpc],
        default: ['true'],
        'association.subnet-id': associations.map(({ subnetId }) => subnetId),
      }),
      tags: () => ({}),
    });
    return {
      networkAclSet: set(
        page.items.map(({ id, vpc, associations }) => ({
          networkAclId: id,
          vpcId: vpc,
          ownerId: state.owner,
          default: true,
          entrySet: set(ENTRIES),
          associationSet: set(associations),
          tagSet: '',
        })),
      ),
      nextToken: page.nextToken,
    };
  }),
};
