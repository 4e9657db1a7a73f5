/** Addresses, tables and preferences that the lab itself uses, in one place so that they can't collide. */

/** RFC 2544 benchmarking space: on nobody's network, unlike 10/8 or 100.64/10 (Tailscale, carriers). */
export const LAB_NET = {
  inet: '198.18.255.1',
  vpcEdge: '198.18.255.2',
  vpcToVgw: '198.18.255.5',
  vgw: '198.18.255.6',
} as const;

export const ROUTING = {
  /** The VPC's local routes: before any route table, as in a VPC. */
  localTable: 100,
  /** The gateways' own subnets: everything to the internet gateway. */
  edgeTable: 101,
  /**
   * The monitors' own subnets: the VGW's propagated routes and nothing else, whatever is moved in the tables they
   * judge.
   */
  monitorTable: 102,
  firstTable: 1000,
  prefManagement: 50,
  prefLocal: 100,
  prefTables: 200,
} as const;

export const NAME_RULES = {
  /** At most 10, since `<lab>-mgmt` is a device name; no "-", so that one lab's prefix is never another's. */
  lab: /^[a-z][a-z0-9]{0,9}$/,
} as const;
