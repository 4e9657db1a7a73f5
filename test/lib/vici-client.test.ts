import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectVici, parseViciUri } from '../../src/lib/adapters/vici/client.ts';
import { encodePacket, PACKET, packetReader } from '../../src/lib/adapters/vici/codec.ts';
import { EXIT } from '../../src/lib/core/errors.ts';

let folder: string;
let server: Server | undefined;
const sockets: Socket[] = [];
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'vici-'))));
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  if (server !== undefined) await new Promise((done) => server!.close(done));
  server = undefined;
  await rm(folder, { recursive: true, force: true });
});

/** A peer on a real socket that does as told with each connection. */
const peer = async (behave: (socket: Socket) => void): Promise<string> => {
  const path = join(folder, 'vici');
  server = createServer((socket) => {
    sockets.push(socket);
    behave(socket);
  });
  await new Promise<void>((ready) => server!.listen(path, ready));
  return `unix://${path}`;
};

describe('vici client', () => {
  it.each([
    ['unix:///var/run/charon.vici', { path: '/var/run/charon.vici' }],
    ['tcp://127.0.0.1:4502', { host: '127.0.0.1', port: 4502 }],
    ['tcp://[::1]:4502', { host: '::1', port: 4502 }],
  ])('reads %s', (uri, target) => expect(parseViciUri(uri)).toEqual(target));

  it.each([
    '',
    '/var/run/charon.vici',
    'unix://relative',
    'http://host:80',
    'tcp://host',
    'tcp://host:0',
    'tcp://host:65536',
    'unix:///a\0b',
  ])('refuses %j', (uri) =>
    expect(() => parseViciUri(uri)).toThrow(expect.objectContaining({ exit: EXIT.usage, field: '--uri' })),
  );

  it('says what to do when no charon is there', async () => {
    for (const uri of [`unix://${folder}/none`, 'tcp://127.0.0.1:1']) {
      await expect(connectVici(uri)).rejects.toMatchObject({
        exit: EXIT.missing,
        message: `charon is not running, or its vici socket is elsewhere than ${uri}`,
        next: expect.stringContaining('systemctl status strongswan'),
      });
    }
  });

  it('gives up a peer that stays silent', async () => {
    const uri = await peer(() => undefined);
    const vici = await connectVici(uri, { timeoutMs: 30 });
    await expect(vici.request('version')).rejects.toMatchObject({
      exit: EXIT.failed,
      message: 'charon did not answer version for 0.03 s',
    });
    await expect(vici.request('version'), 'a late answer would be taken for the next one').rejects.toMatchObject({
      exit: EXIT.failed,
    });
  });

  it('says so when the peer goes away in the middle of a request', async () => {
    const uri = await peer((socket) => socket.once('data', () => socket.end()));
    await expect((await connectVici(uri)).request('version')).rejects.toMatchObject({
      exit: EXIT.failed,
      message: 'charon closed the connection',
    });
  });

  it('says so when the peer speaks something else', async () => {
    const uri = await peer((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'));
    await expect((await connectVici(uri)).request('version')).rejects.toMatchObject({
      exit: EXIT.failed,
      message: expect.stringMatching(/does not speak vici|closed/),
    });
  });

  it("passes on charon's reason for a refusal", async () => {
    const uri = await peer((socket) =>
      socket.on('data', () =>
        socket.write(encodePacket({ type: PACKET.cmdResponse, message: { success: 'no', errmsg: 'out of tea' } })),
      ),
    );
    const vici = await connectVici(uri);
    await expect(vici.request('initiate')).rejects.toMatchObject({
      exit: EXIT.failed,
      message: 'charon refused initiate: out of tea',
    });
    vici.close();
  });

  it('keeps only the events it asked for', async () => {
    const uri = await peer((socket) =>
      socket.on(
        'data',
        packetReader(({ type }) => {
          if (type !== PACKET.cmdRequest)
            return void socket.write(encodePacket({ type: PACKET.eventConfirm, message: {} }));
          for (const name of ['list-sa', 'log', 'list-sa'])
            socket.write(encodePacket({ type: PACKET.event, name, message: { from: name } }));
          socket.write(encodePacket({ type: PACKET.cmdResponse, message: {} }));
        }),
      ),
    );
    const vici = await connectVici(uri);
    expect(await vici.stream('list-sas', 'list-sa')).toEqual([{ from: 'list-sa' }, { from: 'list-sa' }]);
    vici.close();
  });

  it('hands an event to who listens for it, also in the same breath as charon agrees and in the middle of a stream', async () => {
    const event = (name: string, from: string) => encodePacket({ type: PACKET.event, name, message: { from } });
    const uri = await peer((socket) =>
      socket.on(
        'data',
        packetReader(({ type, name }) => {
          const confirmed = encodePacket({ type: PACKET.eventConfirm, message: {} });
          if (type !== PACKET.cmdRequest)
            return void socket.write(
              Buffer.concat([confirmed, ...(name === 'ike-updown' ? [event('ike-updown', 'at once')] : [])]),
            );
          socket.write(
            Buffer.concat([
              event('list-sa', 'stream'),
              event('ike-updown', 'within'),
              encodePacket({ type: PACKET.cmdResponse, message: {} }),
              event('ike-updown', 'after'),
            ]),
          );
        }),
      ),
    );
    const vici = await connectVici(uri);
    const heard: unknown[] = [];
    await vici.listen('ike-updown', ({ from }) => heard.push(from));
    expect(await vici.stream('list-sas', 'list-sa')).toEqual([{ from: 'stream' }]);
    await vici.request('version');
    expect(heard.slice(0, 3)).toEqual(['at once', 'within', 'after']);
    for (const socket of sockets) socket.destroy();
    expect((await vici.ended).message).toMatch(/closed the connection|lost the connection/);
  });
});
