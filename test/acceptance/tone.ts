const SAMPLE_RATE_HZ = 8_000;
const WAV_HEADER_BYTES = 44;
const AMPLITUDE = 12_000;

/** A WAV file of one tone: PCM, 16 bits, mono, 8 kHz. */
export function toneWav(frequencyHz: number, durationS: number): Buffer {
  const count = SAMPLE_RATE_HZ * durationS;
  const wav = Buffer.alloc(WAV_HEADER_BYTES + 2 * count);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16); // length of the format chunk
  wav.writeUInt16LE(1, 20); // PCM
  wav.writeUInt16LE(1, 22); // channels
  wav.writeUInt32LE(SAMPLE_RATE_HZ, 24);
  wav.writeUInt32LE(2 * SAMPLE_RATE_HZ, 28); // bytes a second
  wav.writeUInt16LE(2, 32); // bytes a sample
  wav.writeUInt16LE(16, 34); // bits a sample
  wav.write('data', 36);
  wav.writeUInt32LE(2 * count, 40);
  for (let n = 0; n < count; n += 1) {
    const sample = AMPLITUDE * Math.sin((2 * Math.PI * frequencyHz * n) / SAMPLE_RATE_HZ);
    wav.writeInt16LE(Math.round(sample), WAV_HEADER_BYTES + 2 * n);
  }
  return wav;
}

/**
 * The share of a recording's energy that lies at a frequency, 0 to 1: about 1 for that tone alone, about 0 for another or noise.
 * Goertzel's algorithm over blocks of 100 ms, silent ones left out.
 */
export function toneShare(wav: Buffer, frequencyHz: number): number {
  const blockLength = SAMPLE_RATE_HZ / 10;
  const sampleCount = Math.floor((wav.length - WAV_HEADER_BYTES) / 2);
  let atFrequency = 0;
  let total = 0;
  for (let start = 0; start + blockLength <= sampleCount; start += blockLength) {
    const at = (n: number): number => wav.readInt16LE(WAV_HEADER_BYTES + 2 * (start + n));
    const block = Array.from({ length: blockLength }, (_, n) => at(n));
    total += block.reduce((sum, sample) => sum + sample * sample, 0);
    atFrequency += goertzel(block, frequencyHz);
  }
  return total === 0 ? 0 : atFrequency / total;
}

/** Energy of the block at the frequency, on the scale of the sum of its squared samples. */
function goertzel(block: readonly number[], frequencyHz: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * frequencyHz) / SAMPLE_RATE_HZ);
  let last = 0;
  let beforeLast = 0;
  for (const sample of block) {
    const next = sample + coefficient * last - beforeLast;
    beforeLast = last;
    last = next;
  }
  const power = last * last + beforeLast * beforeLast - coefficient * last * beforeLast;
  return (2 * power) / block.length;
}
