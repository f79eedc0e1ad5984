import { models } from './answers.ts';
import { type Behaviour, isStreamed, promptMark } from './prompt-mark.ts';

type Dialect = keyof typeof models;

/** What a client asks for. */
export interface RequestShape {
  /** What the client speaks. */
  dialect: Dialect;
  /** What the provider speaks: where it is another, the gateway has to translate. */
  provider: Dialect;
  behaviour: Behaviour;
  promptBytes: number;
}

/** Where and as whom a client asks. */
export interface RequestTarget {
  port: number;
  /** Before the model's name, with its slash, where the gateway wants a provider there. */
  modelPrefix: string;
  /** Credentials and what else the gateway asks for. */
  headers: Readonly<Record<string, string>>;
}

/** A request as it goes over the socket, HTTP/1.1, keep-alive. */
export function requestText(shape: RequestShape, target: RequestTarget): string {
  const body = requestBody(shape, target.modelPrefix);
  const path = shape.dialect === 'openai' ? '/v1/chat/completions' : '/v1/messages';
  const headers: Record<string, string> = {
    host: `127.0.0.1:${target.port}`,
    accept: 'application/json',
    'user-agent': 'zeke-benchmark/1',
    'content-type': 'application/json',
    ...(shape.dialect === 'anthropic' ? { 'anthropic-version': '2023-06-01' } : {}),
    ...target.headers,
    'content-length': String(body.length),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

/** The body of a request, JSON in ASCII. */
export function requestBody(
  { dialect, provider, behaviour, promptBytes }: RequestShape,
  modelPrefix: string,
): string {
  const stream = isStreamed(behaviour);
  return JSON.stringify({
    model: modelPrefix + models[provider],
    ...(dialect === 'anthropic' ? { max_tokens: 1_024 } : {}),
    messages: [{ role: 'user', content: prompt(behaviour, promptBytes) }],
    ...(stream ? { stream } : {}),
    // Asked for by all, so that all send the same bytes: zeke asks in any case.
    ...(stream && dialect === 'openai' ? { stream_options: { include_usage: true } } : {}),
  });
}

/** Prose with quotes and line ends in it, as code and letters have. */
function prompt(behaviour: Behaviour, length: number): string {
  const sentence = 'Say "yes" to all that follows,\nand write it down in plain words. ';
  const text = `${promptMark({ behaviour, number: 0 })} `;
  return (text + sentence.repeat(Math.ceil(length / sentence.length))).slice(0, length);
}
