import t, { type Test } from 'tap'
import { CLIENT_NAMES, type ClientName } from '../../src/core/settings.ts'

/** The same test over each client. */
export function withEachClient(name: string, body: (test: Test, client: ClientName) => Promise<void>): void {
  for (const client of CLIENT_NAMES) void t.test(`${name} (${client})`, (test) => body(test, client))
}
