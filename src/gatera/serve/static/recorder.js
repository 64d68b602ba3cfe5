// Record a sound as a WAV file, which every server reads: 16 bits, one channel, at the microphone's rate.

/** Begin to record; `tick` is told the seconds. Returns an object whose stop() gives the file's bytes as a Blob. */
export async function record(tick) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const context = new AudioContext();
  await context.audioWorklet.addModule(new URL("./recorder_worklet.js", import.meta.url));
  const source = context.createMediaStreamSource(stream);
  const taken = new AudioWorkletNode(context, "taker");
  const parts = [];
  let count = 0;
  taken.port.onmessage = ({ data }) => {
    parts.push(data);
    count += data.length;
    tick(count / context.sampleRate);
  };
  source.connect(taken);
  return {
    async stop() {
      source.disconnect();
      stream.getTracks().forEach((track) => track.stop());
      const rate = context.sampleRate;
      await context.close();
      return wav(parts, count, rate);
    },
  };
}

function wav(parts, count, rate) {
  const view = new DataView(new ArrayBuffer(44 + 2 * count));
  const text = (place, letters) => [...letters].forEach((letter, n) => view.setUint8(place + n, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + 2 * count, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * count, true);
  let place = 44;
  for (const part of parts) {
    for (const sample of part) {
      view.setInt16(place, Math.max(-1, Math.min(1, sample)) * 32767, true);
      place += 2;
    }
  }
  return new Blob([view], { type: "audio/wav" });
}
