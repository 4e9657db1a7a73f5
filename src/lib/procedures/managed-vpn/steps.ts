import { join } from 'node:path';
import { usageError } from '../../core/errors.ts';
import type { FileToWrite, Ports } from '../../core/ports.ts';
import type { Step, Values } from '../../core/procedure.ts';
import { capabilities } from '../../domain/capability.ts';
import {
  AWS_ASN,
  ENDS,
  managedName,
  managedRouters,
  managedSite,
  managedTunnels,
  tunnelRules,
  type EndFacts,
} from '../../domain/managed-vpn.ts';
import type { Router, Site } from '../../domain/site.ts';
import { renderSite } from '../../render/index.ts';
import { loadBgpPasswords, loadPsks, type LoadedSite } from '../../site/file.ts';
import { ignoreFiles, planKeys } from '../../site/keys.ts';
import { refuseOthersFiles } from '../../site/neighbours.ts';
import { customerGateway } from '../aws/customer-gateway.ts';
import { vpc } from '../aws/lookups.ts';
import { factSlot, vpnConnection, type VpnConnection } from '../aws/vpn-connection.ts';
import { routePropagation, VGW_ASN, vpnGateway } from '../aws/vpn-gateway.ts';
import { overlay } from '../init-site.ts';
import { keyFiles, settledFiles } from '../vpn-gateways/site-files.ts';

export interface ManagedRequest {
  /** Key files by tunnel name, `aws-rtr-1-1`. */
  readonly pskFiles: ReadonlyMap<string, string>;
  /** Folder of the rendered files, absolute; undefined: render nothing. */
  readonly out: string | undefined;
}

export interface ManagedDeployment {
  readonly steps: readonly Step[];
  /** Files that will hold new keys. */
  readonly keys: readonly FileToWrite[];
  readonly warnings: readonly string[];
}

const customer = (site: string, { name, public_ip, asn }: Router): Step =>
  customerGateway(site, { name, address: public_ip, asn });

const routingOf = ({ asn }: Router, networks: readonly string[]): VpnConnection['routing'] =>
  asn === undefined ? { by: 'static', networks } : { by: 'bgp' };

/** Tables that take what the gateway learns. */
const propagating = ({
  route_tables,
  cloud: { propagate = [] },
}: Site): readonly { readonly id: string; readonly name: string }[] => [
  ...route_tables,
  ...propagate
    .filter((id, index) => propagate.indexOf(id) === index && !route_tables.some((table) => table.id === id))
    .map((id) => ({ id, name: id })),
];

/**
 * AWS's end takes a certificate of a subordinate CA in AWS Private CA alone, and of no other ("Tunnel authentication
 * options", AWS Site-to-Site VPN user guide; CreateCustomerGateway, `CertificateArn`).
 * @throws usage error for a site whose tunnels ask for certificates.
 */
const refuseCertificates = (site: Site): void => {
  const index = site.tunnels.findIndex(({ auth }) => auth === 'cert');
  if (index >= 0)
    throw usageError(
      "auth: cert can't be had with AWS's end of a managed VPN: it takes certificates of AWS Private CA alone, and this site's CA is its own",
      {
        field: `tunnels[${index}].auth`,
        next: 'set auth: psk, or keep gateways of your own ("vpn init --apply" without --gateway aws)',
      },
    );
};

/**
 * Managed connections for every router that has a tunnel, and the files of their on-prem ends. Judges all first; writes
 * nothing. @throws usage errors for what the site can't have.
 */
export const planManaged = async (
  ports: Ports,
  loaded: LoadedSite,
  { pskFiles, out }: ManagedRequest,
): Promise<ManagedDeployment> => {
  const { site } = loaded;
  refuseCertificates(site);
  const rules = tunnelRules(site.crypto);
  const managed = { ...loaded, site: managedSite(site) };
  const [problem] = capabilities(managed.site);
  if (problem !== undefined)
    throw usageError(problem.message, {
      field: 'onprem.routers',
      next: 'two route-based tunnels of AWS must fit on the router',
    });
  const planned = await planKeys(ports, managed, pskFiles);
  const ignored = await ignoreFiles(ports, managed, out === undefined ? [] : [out]);
  const keys = [...planned.files, ...ignored];
  const view = { files: overlay(ports.files, keys), cwd: ports.cwd };
  const psks = await loadPsks(view, managed);
  const bgpPasswords = await loadBgpPasswords(view, managed);
  const render: Render = (cloudAsn, facts) => {
    const known = managedSite(site, facts);
    return renderSite(known, managedTunnels(known, cloudAsn), { psks, bgpPasswords })
      .filter(({ side }) => side === 'onprem')
      .flatMap(({ device, files }) =>
        files.map(({ path, content, mode }) => ({ path: join(out ?? '', FOLDER, device, path), content, mode })),
      );
  };
  // A dialect that can't express it says so before anything is made.
  const coming = render(AWS_ASN, () => undefined);
  if (out !== undefined)
    await refuseOthersFiles(ports.files, site.site, {
      folder: out,
      paths: coming.map(({ path }) => path),
      cwd: ports.cwd,
    });

  const routers = managedRouters(site);
  const insideOf = (name: string): string => managed.site.tunnels.find((one) => one.name === name)!.inside;
  return {
    warnings: planned.warnings,
    keys,
    steps: [
      ...(planned.files.length === 0 ? [] : [keyFiles(keys)]),
      vpc(site.cloud.cidr, site.cloud.vpc),
      ...vpnGateway(site.site, site.cloud.vgw),
      ...routers.map((router) => customer(site.site, router)),
      ...routers.flatMap((router) =>
        vpnConnection(site.site, {
          name: router.name,
          rules,
          ends: ENDS.map((end) => managedName(router.name, end)).map((name) => ({
            inside: insideOf(name),
            key: psks.get(name)!,
          })),
          routing: routingOf(router, site.onprem.networks),
        }),
      ),
      ...propagating(site).map((table) =>
        routePropagation(site.site, (values) => values('vgw'), table, ['vgw', 'vgw/attachment']),
      ),
      ...(out === undefined ? [] : [onpremFiles(ports, routers, render, join(out, FOLDER))]),
    ],
  };
};

/** Apart from what `vpn render` writes: a router has the one or the other, their names are the same. */
const FOLDER = 'aws';

type Render = (cloudAsn: number, facts: (name: string) => EndFacts | undefined) => readonly FileToWrite[];

/** The routers' files, as soon as AWS has told its addresses and its AS number. */
const onpremFiles = (ports: Pick<Ports, 'files'>, routers: readonly Router[], render: Render, folder: string): Step => {
  const slots = routers.flatMap(({ name }) =>
    ENDS.map((end) => ({
      name: managedName(name, end),
      outside: factSlot(name, 'outside', end),
      inside: factSlot(name, 'inside', end),
    })),
  );
  const filesOf = (values: Values): readonly FileToWrite[] =>
    render(Number(values(VGW_ASN)), (name) => {
      const slot = slots.find((one) => one.name === name)!;
      return { outside: values(slot.outside), inside: values(slot.inside) };
    });
  return settledFiles(
    ports,
    {
      key: ONPREM_FILES,
      title: 'files of the on-prem ends',
      id: folder,
      needs: [VGW_ASN, ...slots.flatMap(({ outside, inside }) => [outside, inside])],
    },
    filesOf,
  );
};

/** A runbook can't have it: the files hold what AWS tells only afterwards. */
export const ONPREM_FILES = 'site/aws-files';

/** What `vpn destroy` looks for, in the order in which it was made. */
export const managedRemoval = (site: Site): readonly Step[] => {
  const routers = site.onprem.routers;
  const rules = tunnelRules('modern');
  return [
    ...vpnGateway(site.site, undefined),
    ...routers.map((router) => customer(site.site, router)),
    ...routers.flatMap((router) =>
      vpnConnection(site.site, { name: router.name, rules, ends: [], routing: routingOf(router, []) }),
    ),
  ].filter((step) => step.delete !== undefined);
};
