/** What the benchmark calls on every framework: the service of `proto/echo.proto`. */
export interface BenchmarkClient {
  /** One call with a message of about `bytes` bytes, answered with the same. */
  unary(bytes: number): Promise<void>;
  /** Receives `count` messages of `size` bytes each. Answers with the bytes that came. */
  download(count: number, size: number): Promise<number>;
  close(): Promise<void>;
}

/** One framework over one transport. `address` is a socket's path, or `HOST:PORT`. */
export interface Peer {
  /** Starts the server. */
  serve(address: string): Promise<void>;
  connect(address: string): Promise<BenchmarkClient>;
}

/** The fields of the message that has about this many bytes. */
export function payloadOf(bytes: number): {
  id: string;
  number: number;
  weight: number;
  flag: boolean;
  tags: string[];
  body: Uint8Array;
} {
  const id = '0123456789abcdef0123456789abcdef';
  const tags = ['alpha', 'beta', 'gamma'];
  const rest = Math.max(0, bytes - 76);
  return {
    id,
    number: 123_456,
    weight: 0.75,
    flag: true,
    tags,
    body: new Uint8Array(rest).fill(7),
  };
}
