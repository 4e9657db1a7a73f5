import { defineCommand } from '../../../lib/core/define.ts';
import { authoritySteps } from '../../../lib/procedures/pki/steps.ts';
import { FLAG } from '../../flags.ts';
import { APPLY, humanProcedure, procedureJson, runApply } from '../../procedure.ts';
import { needOpenssl, openPki } from './shared.ts';

export const init = defineCommand({
  path: 'vpn pki init',
  summary: "make the site's own CA, for tunnels with auth: cert",
  details:
    'An RSA key of 3072 bits and a certificate for ten years, made by openssl in pki/<site> beside the site file: authority.pem holds both, mode 0600. ' +
    'Whoever has that file can be every box of the site: keep it away from the boxes, and back it up. A CA that is there stays; a run that was killed is finished by the next.',
  flags: {
    site: FLAG.site,
    dryRun: APPLY.dryRun,
    detailedExitcode: APPLY.detailedExitcode,
    emit: APPLY.emit,
  },
  examples: [{ line: 'hybridctl vpn pki init', why: 'the CA and an empty revocation list, in pki/<site>' }],
  async run(options, ports) {
    await needOpenssl(ports);
    const { context } = await openPki(ports, options.site);
    const { site } = context.loaded.site;
    const procedure = { title: `the CA of ${site}`, site, steps: authoritySteps(context) };
    return runApply(ports, procedure, { ...options, yes: true });
  },
  json: procedureJson,
  data: (result) => result,
  human: humanProcedure,
});
