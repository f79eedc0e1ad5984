import { SseParser } from '../framing/sse.ts';

/**
 * A stream of server-sent events as one JSON array of their data, each as it was written: what
 * Gemini's `:streamGenerateContent` answers without `alt=sse`. It reads only as fast as it is read;
 * who cancels it cancels `events`. A stream that breaks breaks the array.
 */
export function jsonArrayOf(events: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = events.getReader();
  const parser = new SseParser();
  let isEmpty = true;
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        for (;;) {
          const { done, value } = await reader.read();
          let text = '';
          for (const { data } of done ? parser.end() : parser.push(value)) {
            text += (isEmpty ? '[' : ',\r\n') + data;
            isEmpty = false;
          }
          if (done) text += isEmpty ? '[]' : '\n]';
          if (text !== '') controller.enqueue(Buffer.from(text));
          if (done) controller.close();
          if (text !== '') return;
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
