import { failure } from '../core/errors.ts';
import type { FaultsInput } from '../cloud/faults.ts';
import type { Lab } from '../lab/state.ts';

const TIMEOUT_MS = 5_000;

const ask = async (
  { record }: Lab,
  path: string,
  init: RequestInit & { readonly headers?: Readonly<Record<string, string>> },
): Promise<Response> => {
  // A connection kept from an earlier call may be closed by the endpoint just as we write: each call has its own.
  const headers = { ...init.headers, connection: 'close' };
  const response = await fetch(`${record.endpoint}${path}`, {
    ...init,
    headers,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: Error) => {
    throw failure("the lab's endpoint does not answer", {
      next: `run "hybridctl lab down --name ${record.name}", then the drill again`,
      cause: error,
    });
  });
  return response;
};

/** Replaces all faults of the lab's EC2 endpoint. */
export const setFaults = async (lab: Lab, faults: FaultsInput): Promise<void> => {
  const response = await ask(lab, '/_lab/faults', { method: 'PUT', body: JSON.stringify(faults) });
  if (!response.ok) throw failure(`the lab's endpoint refused the faults: ${(await response.text()).slice(0, 200)}`);
};

export const faultsNow = async (lab: Lab): Promise<FaultsInput> =>
  (await (await ask(lab, '/_lab/faults', {})).json()) as FaultsInput;

/** State of every instance, by its id: asked beside EC2, so that no fault and no bucket of its API is in the way. */
export const instanceStates = async (lab: Lab): Promise<Readonly<Record<string, string>>> =>
  (await (await ask(lab, '/_lab/instances', {})).json()) as Record<string, string>;

/** One EC2 call as somebody else in the account would make it. @returns whether EC2 said yes. */
export const call = async (lab: Lab, action: string, params: Readonly<Record<string, string>>): Promise<boolean> => {
  const body = new URLSearchParams({ Action: action, Version: '2016-11-15', ...params });
  return (
    await ask(lab, '/', { method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded' } })
  ).ok;
};
