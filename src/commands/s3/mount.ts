import { mountSteps } from '../../lib/procedures/s3/steps.ts';
import { procedureCommand } from '../procedure.ts';
import { MOUNT, MOUNTED, specOf } from './flags.ts';
import { mounting, ofMount } from './shared.ts';

export const mount = procedureCommand({
  verb: 'apply',
  path: 's3 mount',
  summary: 'mount a bucket as a folder: access key, s3fs, a read-back test, and at boot',
  details:
    'Bucket (made with --create), a user whose one key may use exactly this bucket, or the same policy for the role of the instance (--role), the program that mounts (installed by apt-get, dnf or yum where it is missing), a private key file, the mount, ' +
    'and a proof: an object written through the mount, seen by S3, read and removed. With --boot it comes back after a boot, once the network is there. Run it again: nothing to do, or what broke off is finished, or a mount that died is made anew; ' +
    'a failure undoes what that run made. The secret is in the key file alone, never in an argument, an environment, fstab or a log. --engine translates the same flags for mountpoint-s3 and rclone, and refuses what they can not do.',
  args: MOUNTED,
  flags: MOUNT,
  conflicts: [['role', 'keyFile']],
  examples: [
    {
      line: 'sudo hybridctl s3 mount office-logs /mnt/logs --region cn-north-1 --dry-run',
      why: 'what is there, and what would be made',
    },
    {
      line: 'sudo hybridctl s3 mount office-logs /mnt/logs --region cn-north-1 --create --boot fstab --yes',
      why: 'bucket, user, key, mount, and a line of fstab',
    },
    {
      line: 'sudo hybridctl s3 mount office-logs /mnt/logs --region eu-west-1 --role web --allow-other --umask 027 --uid 33 --gid 33 --yes',
      why: 'on an instance, for its web server, without any key',
    },
    {
      line: 'sudo hybridctl s3 mount models /mnt/models --url https://minio.example.com:9000 --key-file /root/minio.key --read-only --cache /var/cache/models --yes',
      why: "storage that is not AWS's",
    },
    {
      line: 'hybridctl s3 mount office-logs /mnt/logs --region eu-west-1 --engine mountpoint-s3 --emit sh',
      why: 'the same by another program, as a script',
    },
  ],
  async procedure(options, ports) {
    const spec = await specOf(ports, options);
    return {
      ...ofMount(spec),
      steps: mountSteps(spec, {
        ...(await mounting(ports, options.state)),
        create: options.create,
        replaceKey: options.replaceKey,
      }),
    };
  },
});
