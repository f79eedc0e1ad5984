import type { Candidate, Picker } from '../balancing/policy.ts';
import { testMethod, testOpenOptions } from './test-method.ts';

/** An endpoint as a policy sees it, of which the test says everything. */
export class Stub implements Candidate {
  readonly address: string;
  readonly weight: number;
  pending = 0;
  usable = true;

  constructor(address: string, weight = 1) {
    this.address = address;
    this.weight = weight;
  }

  isUsable(): boolean {
    return this.usable;
  }
}

/** Called `a`, `b`, … with these weights. */
export function stubs(...weights: number[]): Stub[] {
  return weights.map((weight, i) => new Stub(String.fromCharCode(97 + i), weight));
}

/** The addresses of so many picks in a row, `-` for none. */
export function picks(picker: Picker<Stub>, count: number): string {
  let text = '';
  for (let i = 0; i < count; i++)
    text += picker.pick(testMethod(), testOpenOptions())?.address ?? '-';
  return text;
}
