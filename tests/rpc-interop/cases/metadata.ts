import { deepEqual, equal } from 'node:assert/strict';
import { type CallOptions, Metadata } from '@zeke/rpc';
import type { TestServiceClient } from '../gen/grpc/testing/test_pb.ts';
import { echoedHeader, echoedTrailer } from '../service/test-service.ts';
import { checkBody, largeRequest, largeResponseBytes, zeros } from './payloads.ts';

const text = 'test_initial_metadata_value';
const bytes = Uint8Array.of(0xab, 0xab, 0xab);

/** Of `random_metadata`. */
const calls = 300;

export async function customMetadata(
  client: TestServiceClient,
  fullDuplex: boolean,
): Promise<void> {
  const unary = new Echo(text, bytes);
  await client.unaryCall(largeRequest, unary.options);
  unary.check();
  if (!fullDuplex) return;
  async function* requests() {
    yield {
      responseParameters: [{ size: largeResponseBytes }],
      payload: zeros(271_828),
    };
  }
  const stream = new Echo(text, bytes);
  let count = 0;
  for await (const { payload } of client.fullDuplexCall(requests(), stream.options)) {
    checkBody(payload, largeResponseBytes);
    count++;
  }
  equal(count, 1);
  stream.check();
}

/** Texts and bytes of many lengths, so that tables of headers fill up and drop what they had. */
export async function randomMetadata(client: TestServiceClient): Promise<void> {
  const random = new Random();
  for (let i = 0; i < calls; i++) {
    const length = 1 + random.below(1 << random.below(12));
    const sent = String.fromCharCode(
      ...Array.from({ length }, () => firstPrintable + random.below(printables)),
    );
    const echo = new Echo(
      // The values of one name may be joined by a comma on their way, and parted at one.
      sent.replaceAll(',', '.'),
      Uint8Array.from({ length: random.below(200) }, () => random.below(256)),
    );
    await client.unaryCall({ responseSize: 1 }, echo.options);
    echo.check();
  }
}

/** `!` to `~`. */
const firstPrintable = 0x21;
const printables = 0x7e - firstPrintable + 1;

/** The same numbers in every run (Park and Miller's generator). */
class Random {
  #state = 1;

  below(limit: number): number {
    this.#state = (this.#state * 48_271) % 0x7fff_ffff;
    return this.#state % limit;
  }
}

/** What a call sends, and what came back of it. */
class Echo {
  readonly options: CallOptions;
  readonly #text: string;
  readonly #bytes: Uint8Array;
  #header = Metadata.empty;
  #trailer = Metadata.empty;

  constructor(sentText: string, sentBytes: Uint8Array) {
    this.#text = sentText;
    this.#bytes = sentBytes;
    this.options = {
      metadata: { [echoedHeader]: sentText, [echoedTrailer]: sentBytes },
      onHeader: (metadata) => {
        this.#header = metadata;
      },
      onTrailer: (metadata) => {
        this.#trailer = metadata;
      },
    };
  }

  check(): void {
    deepEqual(this.#header.getAll(echoedHeader), [this.#text]);
    deepEqual(this.#trailer.getAll(echoedTrailer).map(plain), [plain(this.#bytes)]);
  }
}

function plain(value: string | Uint8Array): string | number[] {
  return typeof value === 'string' ? value : [...value];
}
