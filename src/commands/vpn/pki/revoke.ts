import { defineCommand } from '../../../lib/core/define.ts';
import { arg, toggle } from '../../../lib/core/flags.ts';
import { text } from '../../../lib/core/flags/kinds.ts';
import { revokeSteps } from '../../../lib/procedures/pki/steps.ts';
import { FLAG } from '../../flags.ts';
import { APPLY, humanProcedure, procedureJson, runApply } from '../../procedure.ts';
import { needAuthority, needDevice, needOpenssl, openPki } from './shared.ts';

export const revoke = defineCommand({
  path: 'vpn pki revoke',
  summary: "revoke a box's certificates, and write the revocation list anew",
  details:
    'Every certificate that was issued to the box and has not expired; it can not be undone. The others refuse the box once they have the list: run "vpn up" for each Linux box, which also ends what the revoked certificate had brought up. ' +
    'A Cisco box fetches no list from a file: its configuration says what to type there.',
  args: { device: arg(text({ placeholder: 'device', like: 'rtr-1' }), 'gateway or router', { required: true }) },
  flags: {
    site: FLAG.site,
    superseded: toggle('only certificates that a newer one took the place of'),
    dryRun: APPLY.dryRun,
    detailedExitcode: APPLY.detailedExitcode,
    emit: APPLY.emit,
    yes: APPLY.yes,
  },
  examples: [
    { line: 'hybridctl vpn pki revoke rtr-1 --yes', why: 'a router was stolen; then "vpn up" for every other box' },
    { line: 'hybridctl vpn pki revoke gw-1 --superseded --yes', why: 'after a renewal that is deployed' },
  ],
  async run(options, ports) {
    await needOpenssl(ports);
    const work = await openPki(ports, options.site);
    needAuthority(work);
    const { device, superseded } = options;
    if (!work.state.issued.some((one) => one.device === device)) needDevice(work, device);
    const { site } = work.context.loaded.site;
    const steps = revokeSteps(work.context, device, superseded);
    return runApply(ports, { title: `the certificates of ${device}`, site, steps }, options);
  },
  json: procedureJson,
  data: (result) => result,
  human: humanProcedure,
});
