// One end of the lab's packet stream; runs in a namespace as `node -e`, where Node itself can't go. Prints one JSON line
// when its standard input ends. Both ends read the same monotonic clock (CLOCK_MONOTONIC, one machine).
const dgram = require('node:dgram');
const [role, address, port, periodUs] = process.argv.slice(1);
// Packets still under way when the sender stops; a lab's path takes a few ms, a busy machine more.
const TAIL_MS = 250;
const now = () => Number(process.hrtime.bigint() / 1000n);
const socket = dgram.createSocket('udp4');
// A pipe's buffer holds some seconds of packets: an exit before the reader has taken the rest would cut the line off.
const tell = (result) => process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));

if (role === 'echo') {
  // Per packet: sequence, sent, arrived (us). Each goes back as it came, with the time of its arrival in it.
  const packets = [];
  socket.on('error', () => undefined);
  socket.on('message', (data, { address: from, port: to }) => {
    const arrived = now();
    packets.push([data.readUInt32BE(0), Number(data.readBigUInt64BE(4)), arrived]);
    data.writeBigUInt64BE(BigInt(arrived), 12);
    socket.send(data, to, from, () => undefined);
  });
  socket.bind(Number(port), address, () => console.log(JSON.stringify({ port: socket.address().port })));
  process.stdin.on('end', () => tell({ packets })).resume();
} else {
  let sequence = 0, pause = 0, last = 0, unsent = 0;
  const start = now();
  // Per packet that came back: sequence, sent, echoed, arrived (us).
  const echoes = [];
  socket.on('error', () => undefined);
  socket.on('message', (data) =>
    echoes.push([data.readUInt32BE(0), Number(data.readBigUInt64BE(4)), Number(data.readBigUInt64BE(12)), now()]));
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
  let ticking;
  socket.bind(0, () => {
    ticking = setInterval(tick, 1);
    console.log(JSON.stringify({ start }));
  });
  // What is still under way comes back before the end is told.
  process.stdin.on('end', () => {
    clearInterval(ticking);
    setTimeout(() => tell({ sent: sequence, unsent, pause, echoes }), TAIL_MS);
  }).resume();
}
