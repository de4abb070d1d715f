#!/usr/bin/env node
/** The command line: one verb, one file. */
import type { Io } from './io.ts'
import { keepYoungSpace } from './young-space.ts'
import { VERSION } from '../version.ts'

/** Lines fit into 80 columns. */
const USAGE = `turnout ${VERSION}: one OpenAI-compatible endpoint for engines and clouds

  turnout serve [--config FILE] [--host HOST] [--port PORT]
      run the gateway. FILE is also looked for in TURNOUT_CONFIG, ./turnout.yaml
      and /etc/turnout/turnout.yaml; without one it looks for engines on this
      machine and for cloud keys in the environment
  turnout check [FILE]
      validate a configuration and print what each route can reach
  turnout explain REQUEST.json [--config FILE | --url URL] [--key KEY] [--json]
      decide about a request without sending it, and print why;
      - reads standard input
  turnout connect [AGENT] [--model NAME] [--test] [--config FILE | --url URL]
      how to point an agent at this gateway: Claude Code, Codex, opencode, ..;
      --test asks the running gateway in each API that agents speak
  turnout replay [--config FILE] --against FILE SOURCE [--json] [--verbose]
      what another configuration would have done with the requests of a ledger
      or a log; - reads standard input
  turnout sessions [--since 1h] [--sort cost] [--agents] [--json]
      what agents took and cost, from the admin API of a running gateway
  turnout state [show | reset] [--config FILE] [--json]
      print or delete the file of what was learnt
  turnout ledger [--since 1h] [--until TIME] [--kind request|attempt]
          [--route ROUTE] [--key KEY] [--format jsonl|csv] [--decisions]
          [--config FILE | --folder DIR]
      what requests took and cost, also while the gateway runs
  turnout key new
      make an API key and the hash that the configuration stores
  turnout key hash
      hash a key read from standard input
  turnout key create --id ID, turnout key list, show, change, rotate, revoke
      keys that are made while the gateway runs; turnout key lists all options
  turnout schema
      print the JSON schema of the configuration, for editors
  turnout version
`

type Command = (argv: string[], io: Io) => Promise<number>

/** Each is loaded only when it is called: most of them need a small part of what `serve` needs. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => {
    // Before the first of its modules.
    keepYoungSpace()
    return (await import('./serve.ts')).serve
  },
  check: async () => (await import('./check.ts')).check,
  explain: async () => (await import('./explain.ts')).explain,
  connect: async () => (await import('./connect.ts')).connect,
  replay: async () => (await import('./replay.ts')).replay,
  sessions: async () => (await import('./sessions.ts')).sessions,
  state: async () => (await import('./state.ts')).state,
  ledger: async () => (await import('./ledger.ts')).ledger,
  key: async () => (await import('./key.ts')).key,
  schema: async () => (await import('./schema.ts')).schemaCommand,
}

async function main(argv: string[], io: Io): Promise<number> {
  const [verb = 'help', ...rest] = argv
  if (verb === 'version' || verb === '--version' || verb === '-v') {
    io.stdout.write(`${VERSION}\n`)
    return 0
  }
  const command = Object.hasOwn(COMMANDS, verb) ? COMMANDS[verb] : undefined
  if (command !== undefined) return await (await command())(rest, io)
  const asked = verb === 'help' || verb === '--help' || verb === '-h'
  if (!asked) io.stderr.write(`turnout: there is no command "${verb}"\n\n`)
  ;(asked ? io.stdout : io.stderr).write(USAGE)
  return asked ? 0 : 2
}

// The exit code is set, not forced: what keeps the process alive after its work would be a leak.
process.exitCode = await main(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
  cwd: process.cwd(),
})
