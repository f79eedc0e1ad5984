import { SessionFixture } from './remote-fixture.ts';

/** The fixture over Streamable HTTP with sessions; it prints its address. */
const fixture = new SessionFixture();
process.stdout.write(`${fixture.url}\n`);
