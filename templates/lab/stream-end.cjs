// One end of the lab's packet stream; runs in a namespace as `node -e`, where Node itself can't go. Prints one JSON line
// when its standard input ends. Both ends read the same monotonic clock (CLOCK_MONOTONIC, one machine).
const dgram = require('node:dgram');
const [role, address, port, periodUs] = process.argv.slice(1);
const now = () => Number(process.hrtime.bigint() / 1000n);
const socket = dgram.createSocket('udp4');
const finish = (result) => process.stdin.resume().on('end', () => {
  // A pipe's buffer holds some seconds of packets: an exit before the reader has taken the rest would cut the line off.
  process.stdout.write(`${JSON.stringify(result())}\n`, () => process.exit(0));
});

if (role === 'receive') {
  // Per packet: sequence, sent, arrived (us).
  const packets = [];
  socket.on('message', (data) => packets.push([data.readUInt32BE(0), Number(data.readBigUInt64BE(4)), now()]));
  socket.bind(Number(port), address, () => console.log(JSON.stringify({ port: socket.address().port })));
  finish(() => ({ packets }));
} else {
  let sequence = 0, pause = 0, last = 0, unsent = 0;
  const start = now();
  socket.on('error', () => undefined);
  // A late tick sends what is due at once, each packet with its own true time, and remembers how late it was.
  const tick = () => {
    for (const due = Math.floor((now() - start) / periodUs); sequence <= due; sequence++) {
      const sent = now();
      if (last > 0) pause = Math.max(pause, sent - last);
      last = sent;
      // A buffer of its own: Node resolves the address before it sends, and by then the next packet is being written.
      const data = Buffer.alloc(64);
      data.writeUInt32BE(sequence, 0);
      data.writeBigUInt64BE(BigInt(sent), 4);
      socket.send(data, Number(port), address, (error) => { if (error) unsent += 1; });
    }
  };
  socket.bind(0, () => {
    setInterval(tick, 1);
    console.log(JSON.stringify({ start }));
  });
  finish(() => ({ sent: sequence, unsent, pause }));
}
