// Draw sound as a picture: the twin of gatera/program/raw/sound.py and spectrogram.py.

import { bytesOf } from "../bytes.js";
import { InputError } from "../errors.js";
import { roundEven } from "../photo/placement.js";
import { fft } from "./fft.js";
import { isWav, readWav } from "./wav.js";

const RANGE_DB = 80, FADE = 0.05, LINES_PER_BAND = 2, LONGEST_FRAME = 2 ** 15, CANCELLED = 1e-3;
const WEAKEST = 1e-6, TINY = 1.1754943508222875e-38;

const mel = (hertz) => 2595 * Math.log10(1 + hertz / 700);
const hertz = (mels) => 700 * (10 ** (mels / 2595) - 1);

export class SoundReader {
  constructor({ rate, seconds, size: [bands, steps], window_seconds: windowSeconds }) {
    Object.assign(this, { rate, seconds, bands, steps });
    const length = Math.max(4, roundEven(windowSeconds * rate));
    this.window = Float32Array.from({ length }, (_, i) => 0.5 + 0.5 * Math.cos((Math.PI * (2 * (i + 1) - length - 1)) / (length + 1)));
    const narrowest = hertz(mel(rate / 2) / (bands + 1));
    const wanted = Math.max(length, (LINES_PER_BAND * rate) / narrowest);
    this.frame = Math.min(LONGEST_FRAME, 2 ** Math.ceil(Math.log2(wanted)));
    this.filters = melFilters(bands, this.frame / 2 + 1, rate);
  }

  /** Return the picture of a recording: {width, height, channels, data}. `source` is a Blob, bytes, or {channels, rate}. */
  async read(source, notes) {
    const sound = source?.channels ? source : await decoded(source, notes);
    const mixed = mono(checked(sound));
    if (sound.rate < this.rate) notes.push({ code: "low_rate", details: { rate: sound.rate, wanted: this.rate } });
    return this.picture(resampled(inRange(loudest(mixed, sound.rate, this.seconds)), sound.rate, this.rate));
  }

  picture(samples) {
    const { bands, steps, window, frame } = this;
    const total = roundEven(this.seconds * this.rate), room = new Float32Array(total + window.length);
    const kept = samples.subarray(0, total);
    room.set(kept, Math.floor(window.length / 2) + Math.floor((total - kept.length) / 2));
    const power = new Float64Array(steps * bands);
    let top = Math.max(TINY, WEAKEST * peak(kept) ** 2);
    for (let step = 0; step < steps; step++) {
      const re = new Float64Array(frame), im = new Float64Array(frame), start = Math.floor((step + 0.5) * (total / steps));
      for (let i = 0; i < window.length; i++) re[i] = Math.fround(room[start + i] * window[i]);
      fft(re, im);
      this.filters.forEach(({ first, weights }, band) => {
        let sum = 0;
        for (let i = 0; i < weights.length; i++) sum += weights[i] * (re[first + i] ** 2 + im[first + i] ** 2);
        power[step * bands + band] = sum;
        top = Math.max(top, sum);
      });
    }
    const data = new Uint8Array(bands * steps);
    for (let step = 0; step < steps; step++) {
      for (let band = 0; band < bands; band++) {
        const below = 10 * Math.log10(Math.max(power[step * bands + band] / top, 10 ** (-RANGE_DB / 10)));
        data[(bands - 1 - band) * steps + step] = roundEven((below / RANGE_DB + 1) * 255);
      }
    }
    return { width: steps, height: bands, channels: 1, data };
  }
}

/** For each band {first, weights}: how much it takes of the spectrum lines from `first` on. */
function melFilters(bands, lines, rate) {
  const top = mel(rate / 2), edges = Array.from({ length: bands + 2 }, (_, i) => hertz((top * i) / (bands + 1)));
  const place = (line) => (rate / 2) * (line / (lines - 1));
  return Array.from({ length: bands }, (_, band) => {
    const [low, centre, high] = edges.slice(band, band + 3), all = new Float64Array(lines);
    for (let line = 0; line < lines; line++) {
      const at = place(line);
      all[line] = Math.max(0, Math.min((at - low) / (centre - low), (high - at) / (high - centre)));
    }
    let sum = all.reduce((total, weight) => total + weight, 0);
    if (sum === 0) {
      let nearest = 0;
      for (let line = 1; line < lines; line++) if (Math.abs(place(line) - centre) < Math.abs(place(nearest) - centre)) nearest = line;
      all[nearest] = sum = 1;
    }
    const first = all.findIndex((weight) => weight > 0), last = all.findLastIndex((weight) => weight > 0);
    return { first, weights: Float32Array.from(all.subarray(first, last + 1), (weight) => weight / sum) };
  });
}

async function decoded(source, notes) {
  const bytes = await bytesOf(source);
  const plain = isWav(bytes) ? readWav(bytes) : null;
  if (plain !== null) return plain;
  // the browser brings it to a sample rate of its own
  notes.push({ code: "decoded_by_browser", details: {} });
  try {
    const found = await new OfflineAudioContext(1, 1, 48_000).decodeAudioData(bytes.slice().buffer);
    return { channels: Array.from({ length: found.numberOfChannels }, (_, c) => found.getChannelData(c)), rate: found.sampleRate };
  } catch {
    throw new InputError("unknown_sound");
  }
}

function checked(sound) {
  const { channels } = sound;
  if (!channels[0].length) throw new InputError("no_sound");
  if (channels.some((each) => each.some((sample) => !Number.isFinite(sample)))) throw new InputError("damaged_sound");
  if (channels.every((each) => each.every((sample) => sample === each[0]))) throw new InputError("silent");
  return sound;
}

/** The mean of the channels; the loudest alone where they cancel each other. */
function mono({ channels }) {
  if (channels.length === 1) return channels[0];
  const mixed = Float32Array.from(channels[0], (_, i) => channels.reduce((sum, each) => Math.fround(sum + each[i]), 0) / channels.length);
  const power = (samples) => samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  const powers = channels.map(power), most = Math.max(...powers);
  return power(mixed) < CANCELLED * most ? channels[powers.indexOf(most)] : mixed;
}

/** The loudest stretch that is `seconds` long; all of a shorter recording. */
function loudest(samples, rate, seconds) {
  const length = Math.max(1, roundEven(seconds * rate));
  if (samples.length <= length) return samples;
  const energy = new Float64Array(samples.length + 1);
  for (let i = 0; i < samples.length; i++) energy[i + 1] = energy[i] + samples[i] * samples[i];
  let best = 0;
  for (let i = 1; i + length < energy.length; i++) if (energy[i + length] - energy[i] > energy[best + length] - energy[best]) best = i;
  return samples.subarray(best, best + length);
}

function peak(samples) {
  return samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
}

/** Samples times a power of two, so that the largest is about 1: exact, and no square of any recording is too large or small. */
function inRange(samples) {
  const most = peak(samples), factor = most ? 2 ** -Math.ceil(Math.log2(most)) : 1;
  return samples.map((sample) => sample * factor);
}

/** A recording with another sample rate: the same frequencies, without those it cannot hold. */
function resampled(samples, rate, wanted) {
  if (rate === wanted) return samples;
  const step = rate / divisor(rate, wanted), length = Math.ceil(samples.length / step + 1) * step;
  const re = new Float64Array(length), im = new Float64Array(length);
  re.set(samples);
  fft(re, im);
  const n = (length / step) * ((wanted * step) / rate), lines = Math.min(Math.floor(length / 2), Math.floor(n / 2)) + 1, edge = Math.min(length, n) / 2;
  const outRe = new Float64Array(n), outIm = new Float64Array(n);
  for (let line = 0; line < lines; line++) {
    const fade = 0.5 - 0.5 * Math.cos(Math.PI * Math.min(1, Math.max(0, (edge - line) / (FADE * edge))));
    outRe[line] = re[line] * fade;
    outIm[line] = im[line] * fade;
    if (line > 0 && line < n / 2) [outRe[n - line], outIm[n - line]] = [outRe[line], -outIm[line]];
  }
  outIm[0] = 0;
  if (n % 2 === 0) outIm[n / 2] = 0;
  fft(outRe, outIm, true);
  return Float32Array.from(outRe.subarray(0, Math.ceil((samples.length * wanted) / rate)), (value) => value / length);
}

function divisor(a, b) {
  return b === 0 ? a : divisor(b, a % b);
}
