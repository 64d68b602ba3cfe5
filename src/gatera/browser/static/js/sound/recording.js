// Runs beside the page: hands over the samples of the microphone as they come, and plays nothing.

class Recording extends AudioWorkletProcessor {
  process([[channel]]) {
    if (channel) this.port.postMessage(channel.slice());
    return true;
  }
}

registerProcessor("recording", Recording);
