/** What TURNOUT_TEST_REQUIRE names (`llama,prometheus,terminal`): tests that need it run, and fail for want of it, instead of being skipped. */
export const isRequired = (name: string): boolean =>
  (process.env['TURNOUT_TEST_REQUIRE'] ?? '').split(',').includes(name)
