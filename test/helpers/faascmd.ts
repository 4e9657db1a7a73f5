/**
 * Every line of faascmd (Alibaba Cloud ECS best practices §8.1.2-8.1.4) and ours. The docs show them, a test parses
 * ours.
 */
export interface FaascmdRow {
  /** As the field document has it, its blanks fixed. */
  readonly theirs: string;
  /** With HYBRIDCTL_CLOUD=aliyun and ALIBABA_CLOUD_REGION_ID set. */
  readonly ours: string;
  readonly note?: string;
}

const IMAGE = 'intel0a1b2c3d4e5f';
const INSTANCE = 'i-bp1g7004ksh0oeuco000';
const BOARD = '0x6c92bf4d7c000001';

export const FAASCMD: readonly FaascmdRow[] = [
  {
    theirs: 'faascmd config --id=<yourAccessKeyID> --key=<yourAccessKeySecret>',
    ours: 'hybridctl fpga config --id LTAI5tExample00000000000 --secret-file secret',
    note: 'the secret is asked for, or comes from a file or standard input (`-`): on a command line every user of the machine could read it. The file is the same, `~/.faascredentials`',
  },
  {
    theirs: 'faascmd auth --bucket=<yourFaasOSSBucketName>',
    ours: 'hybridctl fpga auth --bucket fpga-builds',
    note: 'makes `compiling_logs/` too, on request (`--make-bucket`) the bucket; the role is AliyunFAASDefaultRole, of old faasRole (`--role`)',
  },
  {
    theirs: 'faascmd list_policy',
    ours: 'hybridctl fpga policy list',
    note: 'with `--bucket` the exit code tells whether that bucket is covered',
  },
  {
    theirs: 'faascmd delete_policy',
    ours: 'hybridctl fpga policy delete',
    note: 'refused while others than the role have the policy',
  },
  { theirs: 'faascmd list_objects', ours: 'hybridctl fpga objects --bucket fpga-builds' },
  {
    theirs: 'faascmd list_objects | grep "xxx"',
    ours: 'hybridctl fpga objects --bucket fpga-builds | grep xxx',
    note: '`--prefix` asks for less',
  },
  {
    theirs: 'faascmd upload_object --object=<newFileNameinOSSBucket> --file=<your_file_path>/fileNameYouWantToUpload',
    ours: 'hybridctl fpga upload julia_test.gbs --bucket fpga-builds --key juliaOSSFile1.gbs',
    note: 'checks the file, sends parts side by side, goes on where a run died',
  },
  {
    theirs: 'faascmd get_object --obejct=<yourObjectName> --file=<your_local_path>/<yourFileName>',
    ours: 'hybridctl fpga get juliafile --bucket fpga-builds --output juliafile',
  },
  {
    theirs:
      'faascmd create_image --object=<yourObjectName> --fpgatype=<intel/xilinx> --encrypted=<true/false> --kmskey=<key> --shell=<ShellVersion> --name=<name> --description=<description> --tags=<tags>',
    ours: "hybridctl fpga create juliabucket --bucket fpga-builds --fpga-type intel --shell V1.1 --kms-key 1234abcd-12ab-34cd-56ef-1234567890ab --name filter --description 'a filter' --tag team=fpga",
    note: '`--kms-key` alone means encrypted; `--wait` follows the build and shows the error lines of its log; `upload --create` does both at once',
  },
  { theirs: 'faascmd list_images', ours: 'hybridctl fpga list', note: 'one image: `fpga describe`' },
  { theirs: 'faascmd delete_image --imageuuid=<yourImageuuid>', ours: `hybridctl fpga delete ${IMAGE}` },
  {
    theirs:
      'faascmd download_image --instanceId=<yourInstanceId> --fpgauuid=<yourfpgauuid> --fpgatype=<intel/xilinx> --imageuuid=<yourImageuuid> --imagetype=<afu> --shell=<yourImageShellVersion>',
    ours: `hybridctl fpga load ${IMAGE} --instance ${INSTANCE} --board ${BOARD} --fpga-type intel --image-type afu --shell V1.1`,
    note: 'type and shell are looked up where they are left out',
  },
  {
    theirs: 'faascmd fpga_status --fpgauuid=<fpgauuid> --instanceId=<instanceId>',
    ours: `hybridctl fpga status --instance ${INSTANCE} --board ${BOARD}`,
  },
  {
    theirs: 'faascmd publish_image --imageuuid=<yourImageuuid> --imageid=<yourFPGAImageid>',
    ours: `hybridctl fpga publish ${IMAGE} --machine-image m-bp1g7004ksh0oeuco000`,
  },
  {
    theirs: 'faascmd list_instances --instanceId=<yourInstanceId>',
    ours: `hybridctl fpga instances --instance ${INSTANCE}`,
    note: 'several ids are taken too',
  },
  {
    theirs: 'faascmd list_objects | grep vivado',
    ours: 'hybridctl fpga objects --bucket fpga-builds --prefix compiling_logs/ | grep vivado',
    note: `of a build that failed; \`fpga wait ${IMAGE}\` finds the log by itself and shows what is wrong`,
  },
];

/** What the words of one of our lines are, and the environment the table stands in. */
export const FAASCMD_ENV = { HYBRIDCTL_CLOUD: 'aliyun', ALIBABA_CLOUD_REGION_ID: 'cn-hangzhou' } as const;

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** The page docs/faascmd.md. */
export const faascmdPage = (notice: string): string =>
  `${[
    notice,
    '# faascmd, line by line',
    'Every line of faascmd (Alibaba Cloud ECS best practices §8.1) and ours, in a shell with',
    `\`\`\`sh\nexport ${Object.entries(FAASCMD_ENV)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')}\n\`\`\``,
    'Flags `--cloud` and `--region` say the same. Keys come from `ALIBABA_CLOUD_ACCESS_KEY_ID` and `ALIBABA_CLOUD_ACCESS_KEY_SECRET`, a profile of the Alibaba Cloud CLI or the `~/.faascredentials` that faascmd left. No Python is needed. Error codes of faascmd: `hybridctl fpga explain CODE`; every command explains its own.',
    [
      '| faascmd | hybridctl | |',
      '|---|---|---|',
      ...FAASCMD.map(({ theirs, ours, note }) => `| \`${cell(theirs)}\` | \`${cell(ours)}\` | ${cell(note ?? '')} |`),
    ].join('\n'),
    'What faascmd has not: `fpga upload --create --wait` (the whole way), `fpga wait` (on another day), `fpga uploads` (what was sent by half), `--dry-run`, `--json`, and the API of 2020-02-17, which newer regions have and `--api-version` asks for.',
  ].join('\n\n')}\n`;
