import { defineCommand } from '../../../lib/core/define.ts';
import { usageError } from '../../../lib/core/errors.ts';
import { arg, flag, toggle } from '../../../lib/core/flags.ts';
import { count, path, text } from '../../../lib/core/flags/kinds.ts';
import { CERTIFICATE_DAYS } from '../../../lib/domain/certificates.ts';
import { issueSteps } from '../../../lib/procedures/pki/steps.ts';
import { absolute } from '../../../lib/site/file.ts';
import { FLAG } from '../../flags.ts';
import { APPLY, humanProcedure, procedureJson, runApply } from '../../procedure.ts';
import { needAuthority, needDevice, needOpenssl, openPki } from './shared.ts';

export const issue = defineCommand({
  path: 'vpn pki issue',
  summary: 'issue or renew the certificates of the boxes',
  details:
    'A new key and certificate for every box that has none, or one that expires within 30 days, has expired, or no longer has the addresses its tunnels know it by. ' +
    'What is good stays. A box whose certificate was revoked gets a new one only when it is named. Keys are made with mode 0600 in pki/<site>/devices; "vpn up" takes them to the Linux boxes. ' +
    'Between strongSwan boxes keys are ECDSA P-384; where a Cisco box, Libreswan or IKEv1 stands at an end, RSA 3072.',
  args: {
    device: arg(text({ placeholder: 'device', like: 'gw-1' }), 'gateway or router (default: all that need one)', {
      many: true,
    }),
  },
  flags: {
    site: FLAG.site,
    renew: toggle('a new key and certificate also where the old one is good'),
    request: flag(path('file'), 'certificate request (PKCS#10) of the one box that is named: its key stays there'),
    days: flag(count({ from: 1, to: 3_650 }), 'how long a certificate is valid', { default: String(CERTIFICATE_DAYS) }),
    dryRun: APPLY.dryRun,
    detailedExitcode: APPLY.detailedExitcode,
    emit: APPLY.emit,
  },
  examples: [
    { line: 'hybridctl vpn pki issue', why: 'what is missing or about to expire' },
    { line: 'hybridctl vpn pki issue gw-1 --renew', why: 'a new one for one gateway; then "vpn up gw-1"' },
    { line: 'hybridctl vpn pki issue rtr-1 --request rtr-1.csr', why: 'for a router that keeps its key to itself' },
  ],
  refine(options, { cwd }) {
    if (options.request !== undefined && options.device.length !== 1)
      throw usageError('a request is of one box', { field: '--request', next: 'name that box' });
    return { ...options, request: options.request === undefined ? undefined : absolute(cwd, options.request) };
  },
  async run(options, ports) {
    await needOpenssl(ports);
    const work = await openPki(ports, options.site);
    needAuthority(work);
    const { device: named, renew, days, request } = options;
    for (const name of named) needDevice(work, name);
    if (request !== undefined && (await ports.files.stat(request)) === undefined)
      throw usageError('no such file', { field: '--request' });
    const revoked = work.state.devices.filter(({ state }) => state === 'revoked').map(({ device }) => device);
    const left = named.length > 0 ? [] : revoked;
    for (const name of left) ports.progress(`${name}: its certificate is revoked; a new one only where it is named`);
    const wanted = named.length > 0 ? named : work.devices.filter((name) => !left.includes(name));
    const requests = wanted.map((device) => ({ device, renew: renew || request !== undefined, days, request }));
    const { site } = work.context.loaded.site;
    const procedure = { title: `the certificates of ${site}`, site, steps: issueSteps(work.context, requests) };
    return runApply(ports, procedure, { ...options, yes: true });
  },
  json: procedureJson,
  data: (result) => result,
  human: humanProcedure,
});
