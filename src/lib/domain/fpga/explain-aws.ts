import type { Explanation } from './explain.ts';

type Row = readonly [code: string, message: string, means: string, next: string];

const KIT = 'build the tarball anew with the script of the FPGA development kit';

const READ_LOG = 'read the lines with ERROR of the build log: "hybridctl fpga wait ID" shows them';

/** Why an AFI is `failed`: `State.Message` of DescribeFpgaImages. */
const BUILD: readonly Row[] = [
  [
    'INACCESSIBLE_INPUT',
    'Error accessing resource in S3.',
    "EC2 could not read the tarball, or not write the logs: as a rule a folder was put into the bucket's name, the bucket is in another region, or a bucket policy forbids it",
    'give the bucket\'s name alone with --bucket and the rest as the key; see that "hybridctl fpga objects" lists it in this --region',
  ],
  [
    'INPUT_SIZE_ILLEGAL',
    'Input file size is not valid',
    'the tarball is empty, or larger than EC2 takes',
    `see its size; ${KIT}`,
  ],
  [
    'DCP_INTEGRITY_UNVERIFIED',
    'The DCP integrity SHA-256 hash does not match the provided DCP',
    'the design checkpoint is not the one whose hash the manifest has',
    `${KIT}: manifest and checkpoint go together`,
  ],
  ['MANIFEST_NOT_FOUND', 'No manifest file was found.', 'the tarball has no manifest.txt', KIT],
  [
    'MANIFEST_PARSE_FAILED',
    'Parsing the manifest file failed.',
    'a line of the manifest is not name=value, or has a name that EC2 does not know',
    KIT,
  ],
  [
    'SHELL_VERSION_INVALID',
    'The Shell Version provided is invalid',
    'shell_version of the manifest is none that EC2 has',
    "build for a shell of the development kit's release that you use",
  ],
  [
    'SHELL_VERSION_DEPRECATED',
    'The Shell Version provided is deprecated',
    'no images are built for this shell any more',
    'take the current development kit and build again',
  ],
  [
    'PCIID_SYNTAX_INVALID',
    'PCI ID is not provided, wrongly formatted, or value is out of range',
    'pci_vendor_id, pci_device_id or the like is missing from the manifest, or is no number from 0x0001 to 0xFFFF',
    'correct the ids in the design, then build again',
  ],
  [
    'PCIID_FORBIDDEN',
    'PCI ID value used is reserved.',
    'the PCI id of the manifest is a reserved one',
    'choose another id',
  ],
  [
    'CLK_ILLEGAL',
    'Provided clocks configuration is illegal.',
    "clock_recipe_a, _b or _c of the manifest is none of the kit's",
    'take a clock recipe of the development kit',
  ],
  [
    'CORRUPT_ARCHIVE',
    'Failed to parse the input tarball archive',
    'the file is no whole tar archive',
    'upload it again, or build it anew',
  ],
  [
    'DCP_NOT_FOUND',
    'No DCP file was found with the supplied filename.',
    'dcp_file_name of the manifest is not in the tarball',
    KIT,
  ],
  ['DCP_CORRUPT', 'Could not parse the input DCP.', 'the design checkpoint is damaged', KIT],
  ['DCP_NOT_ENCRYPTED', 'The DCP was not encrypted', 'EC2 takes encrypted checkpoints alone', `${KIT}, which encrypts`],
  [
    'UNSUPPORTED_DESIGN_LOGIC',
    'The FPGA image bitstream generation failed during design rule validation.',
    'the design has a primitive that is not allowed (ICAP, STARTUP, SYSMON and the like), or a combinatorial loop',
    READ_LOG,
  ],
  [
    'UNKNOWN_BITSTREAM_GENERATE_ERROR',
    'An unclassified error occurred generating the FPGA image bitstream.',
    'the design could not be turned into a bitstream; combinatorial loops and failed design rules end so',
    READ_LOG,
  ],
];

/** What the API itself answers. */
const API: readonly Row[] = [
  [
    'InvalidFpgaImageID.NotFound',
    'The specified FPGA image does not exist.',
    'there is no image of this id in the region, or it is not shared with you',
    'see "hybridctl fpga list"; an agfi- id is not an afi- id, and afi- ids differ from region to region',
  ],
  [
    'InvalidFpgaImageID.Malformed',
    'The specified FPGA image ID is malformed.',
    'ids begin with afi-, and have hexadecimal digits after that',
    'see "hybridctl fpga list"',
  ],
  [
    'OperationNotPermitted',
    'Operation not permitted for shared AFI',
    "an image that is shared, or public, can't be deleted",
    'take the sharing back first with "hybridctl fpga share"',
  ],
];

const rows = (list: readonly Row[], source: string): readonly Explanation[] =>
  list.map(([code, message, means, next]) => ({
    code,
    cloud: 'aws',
    status: null,
    calls: [],
    message,
    means,
    next,
    source,
  }));

export const AWS: readonly Explanation[] = [
  ...rows(BUILD, 'aws-fpga, "create-fpga-image error codes" and "AWS CLI FPGA Commands"'),
  ...rows(API, 'Amazon EC2 API, error codes'),
];
