/**
 * The manifest inside a DCP tarball for AWS: `key=value` lines. EC2 says what is wrong with it half an hour later; what
 * can be seen from the text alone is said before anything is sent. Sources: aws-fpga, hdk/docs/AFI_Manifest.md (F1) and
 * hdk/common/shell_stable/build/scripts/aws_build_dcp_from_cl.py (F2).
 */
export interface Manifest {
  readonly shell: string;
  readonly dcp: string;
  /** SHA-256 of the DCP, in hex. */
  readonly hash: string;
  readonly tool: string | undefined;
}

const MANDATORY = [
  'manifest_format_version',
  'pci_vendor_id',
  'pci_device_id',
  'pci_subsystem_id',
  'pci_subsystem_vendor_id',
  'dcp_hash',
  'shell_version',
  'dcp_file_name',
  'clock_recipe_a',
] as const;

type Rule = readonly [field: string, shape: RegExp, what: string];

const PCI_ID = /^0[xX][0-9a-fA-F]{1,4}$/;
const RULES: readonly Rule[] = [
  ['manifest_format_version', /^[12]$/, 'must be 1 or 2'],
  ['pci_vendor_id', PCI_ID, 'must be like 0x1D0F'],
  ['pci_device_id', PCI_ID, 'must be like 0xF000'],
  ['pci_subsystem_id', /^(?!0[xX]0+$)0[xX][0-9a-fA-F]{1,4}$/, 'must be like 0x1D51, and not zero'],
  ['pci_subsystem_vendor_id', /^(?!0[xX]0+$)0[xX][0-9a-fA-F]{1,4}$/, 'must be like 0xFEDD, and not zero'],
  ['dcp_hash', /^[0-9a-f]{64}$/, 'must be the SHA-256 of the DCP, 64 hexadecimal digits'],
  ['shell_version', /^0x[0-9a-f]{8}$/i, 'must be like 0x10212415'],
  ['dcp_file_name', /^[^/\s]+\.dcp$/, 'must name a .dcp file'],
  ['tool_version', /^v\d{4}\.\d(\.\d)?$/, 'must be like v2024.1'],
  ['clock_recipe_a', /^A[0-2]$/, 'must be A0 to A2'],
  ['clock_recipe_b', /^B[0-5]$/, 'must be B0 to B5'],
  ['clock_recipe_c', /^C[0-3]$/, 'must be C0 to C3'],
  ['clock_recipe_hbm', /^H[0-5]$/, 'must be H0 to H5'],
];

/** @returns the manifest, or what is wrong with it, a line each: `clock_recipe_b=B9: must be B0 to B5`. */
export const parseManifest = (text: string): Manifest | readonly string[] => {
  const fields = new Map<string, string>();
  const wrong: string[] = [];
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, key, value] = /^\s*([A-Za-z0-9_]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key === undefined || value === undefined) wrong.push(`line ${at + 1} is no key=value`);
    else fields.set(key, value);
  }
  for (const key of fields.get('manifest_format_version') === '2' ? [...MANDATORY, 'tool_version'] : MANDATORY)
    if (!fields.has(key)) wrong.push(`${key} is missing`);
  for (const [key, shape, what] of RULES) {
    const value = fields.get(key);
    if (value !== undefined && !shape.test(value)) wrong.push(`${key}=${value.slice(0, 60)}: ${what}`);
  }
  return wrong.length > 0
    ? wrong
    : {
        shell: fields.get('shell_version')!,
        dcp: fields.get('dcp_file_name')!,
        hash: fields.get('dcp_hash')!,
        tool: fields.get('tool_version'),
      };
};
