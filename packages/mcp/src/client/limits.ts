/** Tools, resources, templates or prompts of one server; those beyond are left out, and that is told. */
export const maxListItems = 1_000;
/** Pages of one list. */
export const maxListPages = 64;
/** What a server may say of one tool, in bytes of JSON; a tool with more is left out, and that is told. */
export const maxDescriptorBytes = 64 * 1024;
/** Messages of one server within a second; one that sends more is cut off. */
export const maxMessagesPerSecond = 2_000;
/** Lines, events or answers of one connection that are no messages of the protocol; then it is cut off. */
export const maxBrokenMessages = 1_000;
/** What is kept of what a server writes to standard error and to its log, in characters. */
export const maxLogChars = 64 * 1024;
/** What a server that does not read may leave unread, in bytes; then it is cut off. */
export const maxUnreadBytes = 16 * 1024 * 1024;
/** Calls of one server under way at the same time. */
export const maxCallsPerServer = 64;
/** Questions that a server may ask within one call. */
export const maxQuestionsPerCall = 10;
/** How long a program may take to end when it is asked to, and again when it is told to, in milliseconds. */
export const endGraceMs = 2_000;
/** Connections that fail one after the other; then only a person has it tried again. */
export const maxFailures = 8;
/** The wait after the second failure, in milliseconds; it doubles with each. */
export const firstRetryMs = 1_000;
/** The longest wait, in milliseconds. */
export const maxRetryMs = 60_000;
