/*
 * The own frames of zrpc, on every transport that carries bytes or binary messages in order:
 *
 *     length u32 | type u8 | stream u32 | flags u8 | payload …        (big-endian; length: payload)
 *
 * Each side begins with SETTINGS and may send a call at once after it; further ones when it has the
 * peer's SETTINGS, which say how many streams it takes at once. Streams have odd numbers when the side
 * that connected opened them, even when the other did; numbers only grow.
 *
 *     SETTINGS  "zrpc" | version u8 | maxMessage u32 | streamWindow u32 | connectionWindow u32 | maxStreams u32
 *     HEADER    from the opener: varint method | [varint length, path] | varint timeout in ms | pairs
 *               from the other side: pairs
 *     MSG       one message
 *     END       from the opener: empty. From the other side: empty for OK, else
 *               code u8 | varint length, message | varint length, google.rpc.Status | pairs
 *     CANCEL    code u8 | message
 *     CREDIT    bytes u32; stream 0: of the connection
 *     PING      8 bytes, sent back with the flag ack
 *     GOAWAY    last stream u32 | code u8 | message
 *
 * Versions are told apart by the number in SETTINGS: a side that does not speak the peer's says so by
 * GOAWAY (`failed_precondition`) and closes, before any call has begun; a client that speaks several
 * tries the next one over a new connection. Types of frames belong to a version: one that it does not
 * have closes the connection. What may be added without a new version are bytes behind the fields of
 * SETTINGS and flags, which who does not know them ignores; a side sends frames of a new type only to
 * one that has said in its SETTINGS that it takes them.
 *
 * A pair is varint length, name, varint length, value. A varint is LEB128 of at most 32 bits. Method
 * 0 is a path that is not kept; any other number comes with its path the first time and without it
 * afterwards.
 *
 * Streams from 0x80000000 on may have a link of their own (`lanes.ts`), which carries their frames and
 * no others; it may be faster than the connection's, so their paths have no number, and GOAWAY's last
 * stream says nothing about them.
 *
 * Credit counts whole MSG frames. A side may begin a MSG while both its credits are above 0, so a
 * message needs no more credit than one byte, and a reader holds at most a window and a message.
 */

export const frameHeaderBytes = 10;
export const protocolVersion = 1;

export const frameType = {
  settings: 0,
  header: 1,
  message: 2,
  end: 3,
  cancel: 4,
  credit: 5,
  ping: 6,
  goaway: 7,
} as const;

export const frameFlag = {
  /** HEADER of the opener: the path follows the number. */
  path: 0x01,
  /** HEADER of the opener: answer in gzip, or in zstd. */
  wantsGzip: 0x02,
  wantsZstd: 0x04,
  /** MSG: the last one; from the answering side also the status OK without metadata. */
  last: 0x01,
  /** MSG: compressed. */
  gzip: 0x02,
  zstd: 0x04,
  /** END: the call never reached a handler and may be sent again. */
  refused: 0x01,
  /** PING: the answer. */
  ack: 0x01,
} as const;

/** A side that does not have the peer's SETTINGS yet opens no more streams at once. */
export const streamsBeforeSettings = 1;

/** Paths that a side keeps numbers for; a sender of more sends the others as method 0. */
export const maxInternedMethods = 1_024;
