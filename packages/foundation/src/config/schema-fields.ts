import { z } from 'zod';

/** Text that is not empty. */
export function text() {
  return z.string({ error: 'it must be text' }).min(1, 'it is empty');
}

/** Text that is never shown. */
export function secret() {
  return text().meta({ secret: true });
}

/** An `http:` or `https:` address. */
export function httpUrl() {
  return z.url({ protocol: /^https?$/, error: 'it is not an http:// or https:// address' });
}

/** One of these words. */
export function choice<const Options extends readonly [string, ...string[]]>(options: Options) {
  return z.enum(options, { error: `it must be one of ${options.join(', ')}` });
}

/** True or false. */
export function flag() {
  return z.boolean({ error: 'it must be true or false' });
}

/** A whole number within bounds. */
export function integer(minimum: number, maximum: number) {
  const error = `it must be a whole number from ${minimum} to ${maximum}`;
  return z.int({ error }).min(minimum, { error }).max(maximum, { error });
}

/** A number above 0. */
export function positive(maximum: number) {
  const error = `it must be a number above 0, up to ${maximum}`;
  return z.number({ error }).positive({ error }).max(maximum, { error });
}

/** The temperature of a model, 0 to 2. */
export function ratio() {
  const error = 'it must be a number from 0 to 1';
  return z.number({ error }).min(0, { error }).max(1, { error });
}

export function temperature() {
  const error = 'it must be a number from 0 to 2';
  return z.number({ error }).min(0, { error }).max(2, { error });
}

/** A day is more than any wait of this program should be. */
export function milliseconds() {
  return integer(0, 86_400_000);
}

/** USD for a million of something. */
export function price(what: string) {
  const error = 'it must be a number of USD, 0 or more';
  return z.number({ error }).min(0, { error }).optional().describe(`USD for a million ${what}`);
}

/** A list of names, at least one. */
export function list() {
  const error = 'it must be a list of names';
  return z.array(z.string({ error }).min(1, { error }), { error }).min(1, 'the list is empty');
}

/** A table whose names users choose. */
export function map<Value extends z.ZodType>(value: Value) {
  return z.record(z.string(), value, { error: 'it must be a table of names and values' });
}
