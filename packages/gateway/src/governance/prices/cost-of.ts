import type { Usage } from '../../neutral/usage.ts';
import type { Cost } from '../ledger.ts';
import { type Rate, type Rates, rateAt } from './rates.ts';

/**
 * Tokens by kind times the rate of the kind; `source` says where the rates are from. Null when
 * tokens were used that have no rate, or counted in numbers that are none.
 */
export function costOf(usage: Usage, rates: Rates, source: string): Cost | null {
  const bill = new Bill(usage.input, source);
  addTokens(bill, usage, rates);
  if (rates.request !== undefined && usage.output > 0) bill.add('request', 1, rates.request);
  return bill.cost();
}

/** Adds parts up, and keeps each. */
class Bill {
  readonly #inputTokens: number;
  readonly #components: Record<string, number | string>;
  #total = 0;
  #isPriced = true;

  constructor(inputTokens: number, source: string) {
    this.#inputTokens = inputTokens;
    this.#components = { source };
  }

  /** The first of the rates that there is counts. */
  add(kind: string, count: number, rate?: Rate, second?: Rate, third?: Rate, fourth?: Rate): void {
    if (count <= 0) return;
    const found = rate ?? second ?? third ?? fourth;
    if (found === undefined) {
      this.#isPriced = false;
      return;
    }
    const microUsd = count * rateAt(found, this.#inputTokens);
    this.#components[kind] = Math.round(microUsd * 1_000) / 1_000;
    this.#total += microUsd;
  }

  cost(): Cost | null {
    if (!(this.#isPriced && Number.isFinite(this.#total))) return null;
    return { totalMicroUsd: Math.round(this.#total), components: this.#components };
  }
}

/**
 * The parts of a usage, none counted twice. Media that was read from the cache stands in two
 * counts, and no vendor's usage that we read says how much that was: what the parts are more than the
 * whole is taken for it, and the rest of the cached tokens for text.
 */
function addTokens(bill: Bill, usage: Usage, rates: Rates): void {
  const { input, output } = usage;
  const write5m = usage.cacheWrite5m ?? 0;
  const write1h = usage.cacheWrite1h ?? 0;
  const cached = usage.cachedInput ?? 0;
  const audioIn = usage.audioInput ?? 0;
  const imageIn = usage.imageInput ?? 0;
  const twice = Math.max(0, write5m + write1h + cached + audioIn + imageIn - input);
  const cachedAudio = Math.min(twice, cached, audioIn);
  const cachedImage = Math.min(twice - cachedAudio, cached - cachedAudio, imageIn);
  const cachedMedia = cachedAudio + cachedImage;
  const plain = input - write5m - write1h - cached - audioIn - imageIn + cachedMedia;
  const audioOut = Math.min(usage.audioOutput ?? 0, output);
  const imageOut = Math.min(usage.imageOutput ?? 0, output - audioOut);
  const reasoning = Math.min(usage.reasoning ?? 0, output - audioOut - imageOut);

  const { audioInput, cacheWrite5m, cachedAudioInput, cachedInput, imageInput } = rates;
  bill.add('input', plain, rates.input);
  bill.add('cached_input', cached - cachedMedia, cachedInput, rates.input);
  bill.add(
    'cached_audio_input',
    cachedAudio,
    cachedAudioInput,
    cachedInput,
    audioInput,
    rates.input,
  );
  bill.add('cached_image_input', cachedImage, cachedInput, imageInput, rates.input);
  bill.add('cache_write_5m', write5m, cacheWrite5m, rates.input);
  bill.add('cache_write_1h', write1h, rates.cacheWrite1h, cacheWrite5m, rates.input);
  bill.add('audio_input', audioIn - cachedAudio, audioInput, rates.input);
  bill.add('image_input', imageIn - cachedImage, imageInput, rates.input);
  bill.add('output', output - reasoning - audioOut - imageOut, rates.output);
  bill.add('reasoning', reasoning, rates.reasoning, rates.output);
  bill.add('audio_output', audioOut, rates.audioOutput, rates.output);
  bill.add('image_output', imageOut, rates.imageOutput, rates.output);
}
