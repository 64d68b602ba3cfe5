// Record from the microphone as plain samples, at the rate that the machine records with.

const NODE = new URL("./recording.js", import.meta.url);

/** Start; `onSecond(seconds)` is called as time goes on. `stop()` returns {channels, rate}. */
export async function recorder(onSecond) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
  const context = new AudioContext(), parts = [];
  let count = 0, shown = -1;
  await context.audioWorklet.addModule(NODE);
  const node = new AudioWorkletNode(context, "recording");
  node.port.onmessage = ({ data }) => {
    parts.push(data);
    count += data.length;
    const seconds = Math.floor(count / context.sampleRate);
    if (seconds !== shown) onSecond((shown = seconds));
  };
  context.createMediaStreamSource(stream).connect(node).connect(context.destination);
  return {
    async stop() {
      for (const track of stream.getTracks()) track.stop();
      const rate = context.sampleRate;
      await context.close();
      const samples = new Float32Array(count);
      let at = 0;
      for (const part of parts) {
        samples.set(part, at);
        at += part.length;
      }
      return { channels: [samples], rate };
    },
  };
}
