// An S3 server of its own process, so that it can be killed: node s3rver-process.cjs DIRECTORY PORT LAG_MS. Says its port.
const { createHash } = require('node:crypto');
const { existsSync } = require('node:fs');
const S3rver = require('s3rver');
const AWSAccount = require('s3rver/lib/models/account');

const [directory, port, lag] = process.argv.slice(2);
AWSAccount.DUMMY_ACCOUNT.createKeyPair('lab', 'never-shown');
AWSAccount.DUMMY_ACCOUNT.createKeyPair('guest', 'never-shown');
// Keys that the lab's IAM made: known some time after they are first used, as on AWS. The secret follows from the id, as there.
const firstSeen = new Map();
const known = AWSAccount.registry.get.bind(AWSAccount.registry);
AWSAccount.registry.get = (id) => {
  // A key is revoked by a file of its name beside the store.
  if (existsSync(`${directory}.revoked-${id}`)) return undefined;
  if (known(id) !== undefined || !/^AKIA/.test(id)) return known(id);
  if (!firstSeen.has(id)) firstSeen.set(id, Date.now());
  if (Date.now() - firstSeen.get(id) < Number(lag)) return undefined;
  AWSAccount.DUMMY_ACCOUNT.createKeyPair(id, createHash('sha256').update(`lab ${id}`).digest('hex').slice(0, 40));
  return known(id);
};
new S3rver({
  address: '127.0.0.1',
  port: Number(port),
  silent: true,
  directory,
  configureBuckets: [{ name: 'office-logs' }],
})
  .run()
  .then((address) => process.stdout.write(`${address.port}\n`));
