#!/usr/bin/env node
/** The process of the command line. */
import { main } from './main.ts'

// The exit code is set, not forced: what keeps the process alive after its work would be a leak.
process.exitCode = await main(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
  cwd: process.cwd(),
})
