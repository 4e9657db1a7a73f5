import { api } from '../../src/lib/core/aws.ts';
import type { Step } from '../../src/lib/core/procedure.ts';
import { customerGateway } from '../../src/lib/procedures/aws/customer-gateway.ts';
import { keyPair } from '../../src/lib/procedures/aws/key-pair.ts';
import { vpc } from '../../src/lib/procedures/aws/lookups.ts';
import { vpnConnection } from '../../src/lib/procedures/aws/vpn-connection.ts';
import { vpnGateway } from '../../src/lib/procedures/aws/vpn-gateway.ts';
import type { Row } from '../helpers/resources.ts';

const [SITE, VPC, LAB_GATEWAY] = ['contract', 'vpc-0d5a1b2c3d4e5f607', 'vgw-078bcc55'] as const;

/** There is one virtual private gateway at most to a VPC, and the lab's has its own. */
export const freeVpc = (): readonly Step[] => [
  vpc('172.16.0.0/16', VPC),
  {
    key: 'free',
    title: 'VPC without a gateway',
    async read({ aws }) {
      const { VpnGateways = [] } = await aws.ask('ec2', 'DescribeVpnGateways', { VpnGatewayIds: [LAB_GATEWAY] });
      const taken = VpnGateways[0]?.VpcAttachments?.some(({ State }) => State !== 'detached') === true;
      return taken ? { state: 'absent' } : { state: 'ready', found: { id: VPC, owned: false } };
    },
    create: () => [api('ec2', 'DetachVpnGateway', { VpnGatewayId: LAB_GATEWAY, VpcId: VPC })],
  },
];

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAaTAnz+wAC+TzJVZI6HOpIODq1TsjfjuugGq1PgnlV+';
const OTHER_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPboMm9lHQizCWxHqGNBDho4GUcjNynwstKoa3oBE66V';

/** The public half of a key of this machine: what the pair rests on. */
const publicHalf: Step = {
  key: 'key-file/utility',
  title: 'SSH key',
  read: async () => ({
    state: 'ready',
    found: { id: '/keys/utility', outputs: { 'key-file/utility/public': `${KEY} contract` }, owned: false },
  }),
  create: () => [],
};

const imported = (line: string) => ({
  KeyName: `hybridctl-${SITE}-utility`,
  PublicKeyMaterial: new TextEncoder().encode(line),
});

const CONNECTION: Parameters<typeof vpnConnection>[1] = {
  name: 'rtr-9',
  rules: {
    encryption: 'AES256',
    integrity: 'SHA2-256',
    dh: 14,
    ike: 'ikev2',
    phase1Lifetime: 28_800,
    phase2Lifetime: 3_600,
    dpdTimeout: 30,
  },
  ends: [
    { inside: '169.254.60.0/30', key: 'never_shown_first_key' },
    { inside: '169.254.60.4/30', key: 'never_shown_second_key' },
  ],
  routing: { by: 'static', networks: ['10.99.0.0/16'] },
};

/** What the managed VPN and its machines rest on. */
export const vpnRows = (): readonly Row[] => [
  {
    what: 'key pair',
    setup: [publicHalf],
    steps: [keyPair(SITE, 'utility')],
    drift: {
      make: async ({ aws }, KeyName) => {
        const { KeyPairs = [] } = await aws.ask('ec2', 'DescribeKeyPairs', { KeyNames: [KeyName] });
        await aws.ask('ec2', 'DeleteKeyPair', { KeyName });
        await aws.ask('ec2', 'ImportKeyPair', {
          ...imported(OTHER_KEY),
          TagSpecifications: [{ ResourceType: 'key-pair', Tags: KeyPairs[0]!.Tags ?? [] }],
        });
      },
      fields: ['public key is not that of the file here'],
      // Whose private half is where, only a person knows.
      calls: 'only you',
    },
    foreign: async ({ aws }) => (await aws.ask('ec2', 'ImportKeyPair', imported(OTHER_KEY))).KeyName!,
  },
  {
    what: 'virtual private gateway with its attachment',
    setup: freeVpc(),
    steps: vpnGateway(SITE, undefined),
  },
  {
    what: 'VPN connection with its tunnels and routes',
    setup: [
      ...freeVpc(),
      ...vpnGateway(SITE, undefined),
      customerGateway(SITE, { name: 'rtr-9', address: '198.51.100.9', asn: 65_009 }),
    ],
    steps: vpnConnection(SITE, CONNECTION),
    drift: {
      make: async ({ aws }, VpnConnectionId) => {
        const { VpnConnections = [] } = await aws.ask('ec2', 'DescribeVpnConnections', {
          VpnConnectionIds: [VpnConnectionId],
        });
        const [first] = VpnConnections[0]!.Options!.TunnelOptions!;
        await aws.ask('ec2', 'ModifyVpnTunnelOptions', {
          VpnConnectionId,
          VpnTunnelOutsideIpAddress: first!.OutsideIpAddress!,
          TunnelOptions: { DPDTimeoutSeconds: 60 },
        });
      },
      fields: ['DPDTimeoutSeconds .* 60 instead of 30'],
      calls: ['ModifyVpnTunnelOptions'],
    },
  },
];
