import { test } from 'bun:test';
import { nodeHttp2Tests } from './testing/node-http2-oracle.ts';

nodeHttp2Tests(test);
