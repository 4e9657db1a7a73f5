/** FNV-1a of 64 bits, in hex: the same for the same text, and no secret. */
export const fingerprint = (text: string): string => {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text))
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return hash.toString(16).padStart(16, '0');
};

/**
 * By which names and tags tell a machine from another with the same host name. @param id text of /etc/machine-id, which
 * is not shown itself (machine-id(5)); undefined where there is none
 */
export const machineOf = (id: string | undefined): string | undefined =>
  id === undefined || id.trim() === '' ? undefined : fingerprint(`hybridctl ${id.trim()}`).slice(0, 8);

export const MACHINE_ID = '/etc/machine-id';
