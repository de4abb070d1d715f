/** The table of commands, in the order of `turnout help`. Each is loaded only when it is called: most need a small part of what `serve` needs. */
import { VERSION } from '../version.ts'
import type { Args, Call, Command, Flags, Row, Section } from './command.ts'
import type { Entry } from './find-command.ts'
import type { Io } from './io.ts'
import { parsedCall } from './parse-call.ts'
import { CHAT } from './rows/chat.ts'
import { LEDGER, SAVINGS, SESSIONS, STATE, STATS } from './rows/books.ts'
import { CONNECT, EXPLAIN, REPLAY, ROUTE } from './rows/decide.ts'
import { MODELS, MODELS_SEARCH, MODELS_SHOW } from './rows/models.ts'
import { SIMULATE } from './rows/fleet.ts'
import { KEY_CHANGE, KEY_CREATE, KEY_HASH, KEY_LIST, KEY_NEW, KEY_REVOKE, KEY_ROTATE, KEY_SHOW } from './rows/key.ts'
import { CHECK, COMPLETION, HELP, INIT, SCHEMA, SERVE, VERSION_ROW } from './rows/run.ts'
import { outliveHangup } from './hangup.ts'
import { keepYoungSpace } from './young-space.ts'

export const SECTIONS: readonly Section[] = [
  {
    title: 'start',
    entries: [
      command(SERVE, async () => {
        // Before the first of its modules.
        keepYoungSpace()
        outliveHangup()
        return (await import('./serve.ts')).serve
      }),
      command(INIT, async () => (await import('./init.ts')).init),
      command(CHAT, async () => (await import('./chat.ts')).chat),
      command(CONNECT, async () => (await import('./connect.ts')).connect),
    ],
  },
  {
    title: 'see why',
    entries: [
      {
        name: 'models',
        summary: 'list the models that can be asked, show one, or search',
        commands: [
          command(MODELS, async () => (await import('./models.ts')).models),
          command(MODELS_SHOW, async () => (await import('./show-model.ts')).showModel),
          command(MODELS_SEARCH, async () => (await import('./search-models.ts')).searchModels),
        ],
      },
      command(ROUTE, async () => (await import('./explain.ts')).route),
      command(EXPLAIN, async () => (await import('./explain.ts')).explain),
      command(REPLAY, async () => (await import('./replay.ts')).replay),
      command(SIMULATE, async () => (await import('./simulate.ts')).simulate),
      command(STATE, async () => (await import('./state.ts')).state),
    ],
  },
  {
    title: 'see what it took',
    entries: [
      command(STATS, async () => (await import('./stats.ts')).stats),
      command(SAVINGS, async () => (await import('./savings.ts')).savings),
      command(SESSIONS, async () => (await import('./sessions.ts')).sessions),
      command(LEDGER, async () => (await import('./ledger.ts')).ledger),
    ],
  },
  {
    title: 'configure',
    entries: [
      command(CHECK, async () => (await import('./check.ts')).check),
      {
        name: 'key',
        summary: 'make, list, change and revoke API keys',
        commands: [
          command(KEY_CREATE, async () => (await import('./key-of-file.ts')).createKey),
          command(KEY_LIST, async () => (await import('./key-of-file.ts')).listKeys),
          command(KEY_SHOW, async () => (await import('./key-of-file.ts')).showKey),
          command(KEY_CHANGE, async () => (await import('./key-of-file.ts')).changeKey),
          command(KEY_ROTATE, async () => (await import('./key-of-file.ts')).rotateKey),
          command(KEY_REVOKE, async () => (await import('./key-of-file.ts')).revokeKey),
          command(KEY_NEW, async () => (await import('./key.ts')).keyNew),
          command(KEY_HASH, async () => (await import('./key.ts')).keyHash),
        ],
      },
      command(SCHEMA, async () => (await import('./schema.ts')).schemaCommand),
    ],
  },
  {
    title: 'help',
    entries: [
      command(HELP, async () => (await import('./help.ts')).helpOn(SECTIONS)),
      command(COMPLETION, async () => (await import('./completion/completion.ts')).completionOf(SECTIONS)),
      command(VERSION_ROW, () => Promise.resolve(version)),
    ],
  },
]

export const COMMANDS: readonly Entry[] = SECTIONS.flatMap(({ entries }) => entries)

function version(_call: unknown, io: Io): Promise<number> {
  io.stdout.write(`${VERSION}\n`)
  return Promise.resolve(0)
}

/** With the variables of the `.env` beside its configuration. Throws a ConfigError. */
async function configured({ flags: { config }, args }: Call, io: Io): Promise<Io> {
  const { withDotEnv } = await import('./dot-env.ts')
  return await withDotEnv(typeof config === 'string' ? config : args['file'], io)
}

/** A row, and how what it tells of is loaded. */
function command<F extends Flags, A extends Args>(
  row: Row<F, A>,
  load: () => Promise<(call: Call<F, A>, io: Io) => Promise<number>>,
): Command {
  const run: Command['run'] = async (argv, io) => {
    const call = parsedCall(row, (await row.moreFlags?.()) ?? {}, argv)
    const run = await load()
    return await run(call, 'config' in row.flags ? await configured(call, io) : io)
  }
  return { ...row, run }
}
