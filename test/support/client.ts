import { DEFAULT_UPSTREAM } from '../../src/config/defaults.ts'
import { CLIENT_NAMES, type ClientName } from '../../src/core/settings.ts'

/** The client of every gateway and pool of a test that names none: `TURNOUT_TEST_CLIENT=undici npm test` runs all of them over the other one. */
export const CLIENT: ClientName =
  CLIENT_NAMES.find((name) => name === process.env['TURNOUT_TEST_CLIENT']) ?? DEFAULT_UPSTREAM.client
