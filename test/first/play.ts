/** `npm run test:first`: plays the first ten minutes, which `npm test` leaves out because it installs packages from the registry. */
process.env['TURNOUT_TEST_REQUIRE'] = [process.env['TURNOUT_TEST_REQUIRE'] ?? '', 'first'].filter(Boolean).join(',')
await import('./first.test.ts')
